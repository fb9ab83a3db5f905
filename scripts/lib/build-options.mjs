import { resolve } from 'node:path';
import process from 'node:process';
import { ScriptError } from './process.mjs';

/** Backends besides the CPU: the environment variable of each, and ggml's option. */
const BACKENDS = {
  LONGEMBED_CUDA: 'GGML_CUDA',
  LONGEMBED_METAL: 'GGML_METAL',
  LONGEMBED_VULKAN: 'GGML_VULKAN',
};

/**
 * CMake definitions of the native build from the environment:
 * `LONGEMBED_CUDA`, `LONGEMBED_METAL`, `LONGEMBED_VULKAN`, `LONGEMBED_RELEASE` (1 or 0), `LONGEMBED_LLAMA_DIR` (a folder),
 * `LONGEMBED_CMAKE_ARGS` (more definitions, `-DNAME=VALUE`, separated by spaces).
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string[]} `NAME=VALUE` each
 * @throws {ScriptError} a value is not one of those allowed
 */
export function definitions(env = process.env) {
  const found = [];
  for (const [variable, option] of Object.entries(BACKENDS)) {
    const wanted = readSwitch(variable, env);
    if (wanted !== undefined) found.push(`${option}=${wanted ? 'ON' : 'OFF'}`);
  }
  if (readSwitch('LONGEMBED_RELEASE', env) === true) found.push('LONGEMBED_RELEASE=ON');
  // prebuildify packs for other machines than this one
  if (env.PREBUILD_ARCH) found.push('GGML_NATIVE=OFF');
  if (env.LONGEMBED_LLAMA_DIR) found.push(`LONGEMBED_LLAMA_DIR=${resolve(env.LONGEMBED_LLAMA_DIR)}`);
  for (const arg of (env.LONGEMBED_CMAKE_ARGS ?? '').split(/\s+/).filter(Boolean)) {
    if (!/^-D[A-Za-z_]\w*(:\w+)?=/.test(arg)) {
      throw new ScriptError(`LONGEMBED_CMAKE_ARGS takes definitions like -DNAME=VALUE, not "${arg}".`);
    }
    found.push(arg.slice(2));
  }
  return found;
}

/**
 * @param {string} variable
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean | undefined} undefined: not set, ggml decides
 */
function readSwitch(variable, env) {
  const value = (env[variable] ?? '').toLowerCase();
  if (value === '') return undefined;
  if (['1', 'on', 'true', 'yes'].includes(value)) return true;
  if (['0', 'off', 'false', 'no'].includes(value)) return false;
  throw new ScriptError(`${variable} must be 1 or 0, not "${value}".`);
}
