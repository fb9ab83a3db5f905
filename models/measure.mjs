#!/usr/bin/env node
// Scores the models that ship and writes the tables of models/: `node models/measure.mjs FOLDER`.
// About 25 minutes of processor time. FOLDER keeps the embeddings, and what was interrupted goes on.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../scripts/lib/paths.mjs';
import { run, runMain, ScriptError } from '../scripts/lib/process.mjs';
import { SHOWN, SHOWN_PARTS } from '../scripts/lib/shown.mjs';

const PAGES = ['models/README.md', 'models/mini-rope.md', 'models/mini-ape.md', 'models/mini-causal.md'];
const RUNS = { one: SHOWN, several: SHOWN_PARTS };

await runMain(() => {
  const folder = process.argv[2];
  if (folder === undefined) throw new ScriptError('say where results go: node models/measure.mjs FOLDER');
  const outputs = Object.entries(RUNS).map(([name, args]) => {
    const output = join(folder, name);
    const places = ['--cache', join(folder, 'cache'), '--output', output, '--force'];
    node('dist/cli/main.js', 'bench', ...args, ...places);
    return output;
  });
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  node(tsx, 'models/tables.ts', ...PAGES, ...outputs);
  node(createRequire(import.meta.url).resolve('prettier/bin/prettier.cjs'), '--write', ...PAGES);
});

/** @param {string[]} args */
function node(...args) {
  if (run(process.execPath, args, { cwd: root }) !== 0) {
    throw new ScriptError(`${args.slice(0, 2).join(' ')} failed; the lines above say why.`);
  }
}
