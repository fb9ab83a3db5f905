import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './paths.mjs';
import { run, say, ScriptError } from './process.mjs';

/** Data that the compiled modules read at run time. */
const DATA = ['bench/tasks/synthetic/data'];

/**
 * Compiles cli/, lib/ and bench/ into dist/ incrementally.
 * @param {object} [options]
 * @param {boolean} [options.clean] for a package: without source maps, and without the output of earlier compilations, whose sources may be gone
 * @throws {ScriptError} the compiler found errors
 */
export function buildTypeScript({ clean = false } = {}) {
  if (clean) rmSync(join(root, 'dist'), { recursive: true, force: true });
  const started = Date.now();
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  // source maps are as large as the code, and a package does not need them
  const maps = clean ? ['--sourceMap', 'false', '--inlineSources', 'false'] : [];
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), ...maps];
  if (run(process.execPath, args, { cwd: root }) !== 0) {
    throw new ScriptError('the TypeScript part does not compile; see the lines above.');
  }
  for (const folder of DATA) cpSync(join(root, folder), join(root, 'dist', folder), { recursive: true });
  say(`the TypeScript part is compiled (${((Date.now() - started) / 1000).toFixed(1)} s).`);
}
