#!/usr/bin/env node
// `npm test`: installs and builds whatever is missing, then runs the tests. Arguments go to vitest.
// The last line is always `N passed, N failed`, with `, N skipped` if there were any.
import { createRequire } from 'node:module';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheDir, root } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { run, runMain } from './lib/process.mjs';
import { summary } from './lib/test-summary.mjs';

await runMain(() => {
  prepare();
  mkdirSync(cacheDir, { recursive: true });
  const report = join(cacheDir, 'tests.json');
  rmSync(report, { force: true });

  const require = createRequire(import.meta.url);
  const vitest = join(require.resolve('vitest/package.json'), '..', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = run(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { cwd: root });

  const { line, failed } = summary(report);
  process.stdout.write(`${line}\n`);
  process.exitCode = code !== 0 || failed ? 1 : 0;
});
