#!/usr/bin/env node
// `npm start`: from a fresh clone to the main job, a long document turned into a vector.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { makeDocument } from './lib/document.mjs';
import { cacheDir, root } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { run, runMain, say, ScriptError } from './lib/process.mjs';
import { reportEmbedding } from './lib/report.mjs';

const WORDS = 10_000;

await runMain(() => {
  prepare();
  const folder = join(cacheDir, 'start');
  mkdirSync(folder, { recursive: true });
  const model = join(folder, 'random.gguf');
  const document = join(folder, 'report.txt');
  const output = join(folder, 'embedding.jsonl');

  if (!isMadeFrom(model, 'scripts/make-model')) makeModel(model);
  const text = makeDocument(WORDS);
  writeFileSync(document, text);
  say(
    `the model's weights are random: trained models ship with a later version. So the vector below is computed as any ` +
      `model's would be, but it means nothing.`,
  );

  const args = ['embed', document, '--model', model, '--extend', 'pcw:32k', '--output', output].map((part) =>
    part.startsWith(root) ? relative(root, part) : part,
  );
  process.stdout.write(`\n$ longembed ${args.join(' ')}\n`);
  const started = performance.now();
  if (run(process.execPath, ['dist/lib/cli/main.js', ...args], { cwd: root }) !== 0) {
    throw new ScriptError('longembed embed failed; the lines above say why.');
  }
  reportEmbedding(output, text.split(/\s+/).filter(Boolean).length, performance.now() - started);
});

/** @param {string} file */
function makeModel(file) {
  say('making a small model with random weights …');
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  const made = run(process.execPath, [tsx, 'scripts/make-model.ts', '--named', 'start', '--output', file], {
    cwd: root,
  });
  if (made !== 0) throw new ScriptError('the model could not be made; the lines above say why.');
}

/**
 * Whether a file is there and newer than the scripts that make it.
 * @param {string} file
 * @param {string} scripts a folder in the repository
 */
function isMadeFrom(file, scripts) {
  if (!existsSync(file)) return false;
  const made = statSync(file).mtimeMs;
  return readdirSync(join(root, scripts)).every(
    (entry) => statSync(join(root, scripts, entry)).mtimeMs < made,
  );
}
