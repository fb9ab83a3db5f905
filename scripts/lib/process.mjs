import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** A failure that the user can act on: only its message is shown, no stack. */
export class ScriptError extends Error {}

/**
 * Reports what the script does, on stderr: stdout is for other programs.
 * @param {string} message
 */
export function say(message) {
  process.stderr.write(`longembed: ${message}\n`);
}

/**
 * Runs a script's main function; a ScriptError ends the process with its message and exit code 1.
 * @param {() => void | Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

/**
 * The environment without a git hook's variables: its GIT_DIR would point our git commands at another repository.
 * @returns {NodeJS.ProcessEnv}
 */
function cleanEnvironment() {
  const outer = /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|PREFIX)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] added to the environment
 * @property {number} [timeout] milliseconds
 */

/**
 * Runs a program with its output on the terminal.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {number} its exit code; 127 when it cannot be started, 1 when a signal ended it
 */
export function run(program, args, { cwd, env, timeout } = {}) {
  const done = spawnSync(program, args, {
    cwd,
    timeout,
    stdio: 'inherit',
    env: { ...cleanEnvironment(), ...env },
  });
  return done.error ? 127 : (done.status ?? 1);
}

/**
 * Runs a program and takes its output.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {{ ok: boolean, out: string, err: string }} `ok`: it ran and exited 0
 */
export function capture(program, args, { cwd, env, timeout } = {}) {
  const done = spawnSync(program, args, {
    cwd,
    timeout,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  });
  return {
    ok: !done.error && done.status === 0,
    out: done.error ? '' : done.stdout,
    err: done.error ? done.error.message : done.stderr,
  };
}

/**
 * How npm is started: the one that runs this script, if one does, else the one on the PATH.
 * @param {readonly string[]} args
 * @returns {[program: string, args: string[]]}
 */
export function npmCommand(args) {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('npm-cli.js')) return [process.execPath, [running, ...args]];
  // Windows starts .cmd files only through its shell
  return process.platform === 'win32' ? ['cmd.exe', ['/d', '/s', '/c', 'npm', ...args]] : ['npm', [...args]];
}
