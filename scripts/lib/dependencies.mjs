import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { npmCommand, run, say, ScriptError } from './process.mjs';

/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} LockedPackages */

/**
 * Installs the packages of package-lock.json unless all are installed in the versions that it names.
 * @throws {ScriptError} npm failed
 */
export function ensureDependencies() {
  if (isInstalled(readPackages('package-lock.json'), readPackages('node_modules/.package-lock.json'))) return;
  say('installing the packages of package-lock.json …');
  const [npm, args] = npmCommand(['ci', '--no-audit', '--no-fund']);
  if (run(npm, args, { cwd: root }) !== 0) throw new ScriptError('npm ci failed; see the lines above.');
}

/**
 * @param {LockedPackages | null} locked
 * @param {LockedPackages | null} installed npm's own list of what it put into node_modules
 */
export function isInstalled(locked, installed) {
  if (locked === null || installed === null) return false;
  return Object.entries(locked).every(
    // optional ones are each for one platform
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/**
 * @param {string} file a lock file, from the repository's root
 * @returns {LockedPackages | null}
 */
export function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return null;
  }
}
