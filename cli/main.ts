#!/usr/bin/env node
/** The `longembed` program: the real world for `run`. */
import { devices, EmbeddingModel } from '../lib/index.js';
import { Vocabulary } from '../lib/tokenize/index.js';
import type { Context } from './context.js';
import { interruptSignal } from './exit.js';
import { report, run } from './run.js';

const context: Context = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruptSignal(),
  debug: (process.env['LONGEMBED_DEBUG'] ?? '') !== '',
  loadModel: (path, options) => EmbeddingModel.load(path, options),
  tokenizeWithFile: async (path, text) => (await Vocabulary.load(path)).tokenize(text),
  devices,
};

// Whoever writes learns of a closed pipe from the write itself; without a listener Node would end with a stack trace.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(report(error, context)));

const code = await run(process.argv.slice(2), context);
// Standard input may still be open, and nothing more is wanted of it. Writes to a pipe may still be on their way.
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit(code);

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
