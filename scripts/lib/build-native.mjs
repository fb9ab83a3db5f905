import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { definitions } from './build-options.mjs';
import { fetchLlama } from './fetch-llama.mjs';
import { root } from './paths.mjs';
import { run, say, ScriptError } from './process.mjs';
import { checkToolchain } from './toolchain.mjs';

/** Record of the last configuration, so that the next run knows whether it still applies. */
const RECORD = 'longembed-configuration.json';

/**
 * Fetches llama.cpp and builds the addon with cmake-js; steps already done are skipped.
 * @param {object} [options]
 * @param {string} [options.out] the build folder
 * @param {string} [options.target] one CMake target instead of all
 * @param {string[]} [options.define] CMake definitions in addition to the environment's
 * @returns {string} the addon's file
 * @throws {ScriptError} a tool is missing, or the build failed
 */
export function buildNative({ out = join(root, 'build'), target, define = [] } = {}) {
  const wanted = [...definitions(), ...define];
  const configured = isConfigured(out, wanted);
  if (!configured) checkToolchain();
  if (!wanted.some((definition) => definition.startsWith('LONGEMBED_LLAMA_DIR='))) fetchLlama();

  const started = Date.now();
  if (!configured) {
    say(`configuring the native build${wanted.length > 0 ? ` with ${wanted.join(', ')}` : ''} …`);
    configure(out, wanted);
  }
  cmakeJs(out, [
    'build',
    '--parallel',
    String(availableParallelism()),
    ...(target ? ['--target', target] : []),
  ]);
  say(`the native part is built (${((Date.now() - started) / 1000).toFixed(1)} s).`);
  return join(out, 'Release', 'longembed.node');
}

/**
 * @param {string} out
 * @param {string[]} wanted
 */
function configure(out, wanted) {
  // CMake stores options of earlier configurations in these two, which would stay in effect
  rmSync(join(out, 'CMakeCache.txt'), { force: true });
  rmSync(join(out, 'CMakeFiles'), { recursive: true, force: true });
  cmakeJs(out, ['configure', ...wanted.map((definition) => `--CD${definition}`)]);
  writeFileSync(join(out, RECORD), record(wanted));
}

/**
 * @param {string} out
 * @param {string[]} wanted
 */
function isConfigured(out, wanted) {
  try {
    return (
      existsSync(join(out, 'CMakeCache.txt')) && readFileSync(join(out, RECORD), 'utf8') === record(wanted)
    );
  } catch {
    return false;
  }
}

/**
 * Everything that requires a new configuration when it changes, including the folder: CMake refuses a copied build folder.
 * @param {string[]} wanted
 */
function record(wanted) {
  const { CC = '', CXX = '', CFLAGS = '', CXXFLAGS = '', LDFLAGS = '' } = process.env;
  const environment = { CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS };
  return JSON.stringify({ folder: realpathSync(root), arch: process.arch, wanted, environment }, null, 2);
}

/**
 * @param {string} out
 * @param {string[]} args
 */
function cmakeJs(out, args) {
  mkdirSync(out, { recursive: true });
  const program = join(
    createRequire(import.meta.url).resolve('cmake-js/package.json'),
    '..',
    'bin',
    'cmake-js',
  );
  const code = run(process.execPath, [program, ...args, '--out', out, '--log-level', 'warn'], { cwd: root });
  if (code !== 0) throw new ScriptError(`the native build failed in "${args[0]}"; see the lines above.`);
}
