#!/usr/bin/env node
/** The `longembed` program: the real world for `run`. */
import { devices, EmbeddingModel } from '../lib/index.js';
import { Vocabulary } from '../lib/tokenize/index.js';
import type { Context } from './context.js';
import { endBy, Interrupted, interruptSignal } from './exit.js';
import { report, run } from './run.js';

// An empty HOME is none: taken as it is, it would put caches into the working folder.
if (process.env['HOME'] === '') delete process.env['HOME'];

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

// Writes report a closed pipe themselves; without a listener Node would exit with a stack trace.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(report(error, context)));

const code = await run(process.argv.slice(2), context);
// Standard input may still be open, which would keep the process alive. Writes to a pipe may still be pending.
await Promise.all([process.stdout, process.stderr].map(flushed));
const { reason } = context.signal as { reason: unknown };
if (reason instanceof Interrupted && code === reason.exitCode) await endBy(reason);
process.exit(code);

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
