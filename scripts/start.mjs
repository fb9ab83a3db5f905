#!/usr/bin/env node
// `npm start`: from a fresh clone to a long document's embedding; then compares the strategies on the two synthetic tasks, with
// the three shipped models.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { makeDocument } from './lib/document.mjs';
import { cacheDir, root } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { run, runMain, ScriptError } from './lib/process.mjs';
import { SHOWN } from './lib/shown.mjs';

const WORDS = 10_000;
/** Per length: enough to see a strategy's effect, few enough for three minutes on two cores. */
const DOCUMENTS = '40';

await runMain(() => {
  prepare();
  const folder = join(cacheDir, 'start');
  mkdirSync(folder, { recursive: true });
  embedDocument(folder);
  showStrategies(folder);
});

/** @param {string} folder */
function embedDocument(folder) {
  const document = join(folder, 'report.txt');
  const output = join(folder, 'embedding.jsonl');
  const text = makeDocument(WORDS);
  writeFileSync(document, text);

  const started = performance.now();
  longembed([
    'embed',
    document,
    '--model',
    'mini-rope',
    '--extend',
    'pcw:32k',
    '--output',
    output,
    '--force',
  ]);
  reportEmbedding(output, text.split(/\s+/).filter(Boolean).length, performance.now() - started);
}

/**
 * Prints the result of `longembed embed` for one document.
 * @param {string} file one line of JSON, as the command writes it
 * @param {number} words in the document
 * @param {number} ms the command's time, loading included
 */
function reportEmbedding(file, words, ms) {
  /** @type {{ id: string, embedding: number[], tokens: number, windows: number, truncated: boolean }} */
  const { id, embedding, tokens, windows, truncated } = JSON.parse(readFileSync(file, 'utf8'));
  const first = embedding.slice(0, 4).map((value) => value.toFixed(4));
  const rows = {
    document: `${id}: ${words} words, ${tokens} tokens, ${windows} windows${truncated ? ', truncated' : ', nothing cut'}`,
    embedding: `${embedding.length} numbers: ${first.join('  ')} …`,
    time: `${(ms / 1000).toFixed(2)} s including loading the model, ${Math.round(tokens / (ms / 1000))} tokens/s`,
  };
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(10)} ${value}\n`);
}

/** @param {string} folder */
function showStrategies(folder) {
  const output = join(folder, 'results');
  longembed([
    'bench',
    ...SHOWN,
    '--limit',
    DOCUMENTS,
    '--cache',
    join(folder, 'cache'),
    '--output',
    output,
    '--force',
  ]);
  const report = relative(process.cwd(), join(output, 'report.html'));
  process.stdout.write(`\nThe same as a web page with charts: ${report}\n`);
  process.stdout.write(`Results with all documents: models/README.md\n`);
}

/**
 * Runs the command line as a user would, and prints the command.
 * @param {string[]} args
 */
function longembed(args) {
  const shown = args.map((part) => (part.startsWith(root) ? relative(root, part) : part));
  process.stdout.write(`\n$ longembed ${shown.join(' ')}\n`);
  if (run(process.execPath, ['dist/cli/main.js', ...shown], { cwd: root }) !== 0) {
    throw new ScriptError(`longembed ${args[0]} failed; see the lines above.`);
  }
}
