#!/usr/bin/env node
// `npm start`: from a fresh clone to a clause that is found in a long text, and a comparison of the strategies.
import process from 'node:process';
import { root } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { run, runMain, ScriptError } from './lib/process.mjs';

await runMain(() => {
  prepare();
  process.stdout.write('\n$ longembed demo\n');
  if (run(process.execPath, ['dist/cli/main.js', 'demo'], { cwd: root }) !== 0) {
    throw new ScriptError('longembed demo failed; see the lines above.');
  }
});
