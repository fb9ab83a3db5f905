import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { definitions } from './build-options.mjs';
import { fetchLlama } from './fetch-llama.mjs';
import { root } from './paths.mjs';
import { capture, run, say, ScriptError } from './process.mjs';
import { checkToolchain } from './toolchain.mjs';

const require = createRequire(import.meta.url);
const cmakeJs = findCmakeJs();

/** Record of the last configuration, so that the next run knows whether it still applies. */
const RECORD = 'longembed-configuration.json';

/**
 * Fetches llama.cpp and builds the addon; steps already done are skipped. cmake-js drives CMake where it is installed, in a clone
 * of the repository; the published package does without its thirty packages.
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
  const parallel = [...parallelJobs(), ...(target ? ['--target', target] : [])];
  if (cmakeJs === null) cmake('build', ['--build', out, '--config', 'Release', ...parallel]);
  else runCmakeJs(out, ['build', ...parallel]);
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
  if (cmakeJs === null) cmake('configure', configureArguments(out, wanted));
  else runCmakeJs(out, ['configure', ...wanted.map((definition) => `--CD${definition}`)]);
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
 * CMake's arguments for a configuration without cmake-js.
 * @param {string} out the build folder
 * @param {string[]} wanted definitions
 */
export function configureArguments(out, wanted) {
  const headers = (/** @type {string} */ name) => dirname(require.resolve(`${name}/package.json`));
  return [
    ...['-S', root, '-B', out, ...(capture('ninja', ['--version']).ok ? ['-G', 'Ninja'] : [])],
    '-DCMAKE_BUILD_TYPE=Release',
    `-DLONGEMBED_NODE_API_DIR=${join(headers('node-api-headers'), 'include')}`,
    `-DLONGEMBED_NAPI_DIR=${headers('node-addon-api')}`,
    ...wanted.map((definition) => `-D${definition}`),
    '--log-level=WARNING',
  ];
}

/** How many compilers run at a time: what CMake's own variable says, else one for each core. @returns {string[]} */
export function parallelJobs() {
  const wanted = process.env['CMAKE_BUILD_PARALLEL_LEVEL'];
  return ['--parallel', wanted !== undefined && wanted !== '' ? wanted : String(availableParallelism())];
}

/**
 * @param {string} step for the error
 * @param {string[]} args
 */
export function cmake(step, args) {
  if (run('cmake', args, { cwd: root }) !== 0) failed(step);
}

/**
 * @param {string} out
 * @param {string[]} args
 */
function runCmakeJs(out, args) {
  mkdirSync(out, { recursive: true });
  const program = [String(cmakeJs), ...args, '--out', out, '--log-level', 'warn'];
  if (run(process.execPath, program, { cwd: root }) !== 0) failed(String(args[0]));
}

/** @returns {string | null} cmake-js's program */
function findCmakeJs() {
  try {
    return join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  } catch {
    return null;
  }
}

/** @param {string} step */
function failed(step) {
  throw new ScriptError(`the native build failed in "${step}"; see the lines above.`);
}
