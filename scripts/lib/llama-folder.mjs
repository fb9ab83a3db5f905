import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './process.mjs';

/**
 * The release of llama.cpp that we build on, from cmake/llama.json.
 * @typedef {object} Release
 * @property {string} release
 * @property {string} url
 * @property {string} commit of upstream
 * @property {string} tree git's id of that commit's files
 * @property {number} files
 * @property {string} content see {@link contentId}
 * @property {{ name: string, version: string, integrity: string, bundle: string }} package the npm package that carries
 *   the same files as a git bundle
 */

/**
 * The hash of each file's content, by path. It is git's hash, so a folder can be compared with any git tree.
 * Executable bits are ignored: Windows file systems have none.
 * @param {string} folder
 * @returns {Map<string, string>} path with `/` to hash
 */
export function listContent(folder) {
  const found = new Map();
  const walk = (/** @type {string} */ path) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`;
      if (name === '.git') continue; // a submodule's link to its repository
      if (entry.isDirectory()) walk(name);
      else found.set(name, blobId(join(folder, name)));
    }
  };
  walk('');
  return found;
}

/** @param {string} file */
function blobId(file) {
  const bytes = lstatSync(file).isSymbolicLink() ? Buffer.from(readlinkSync(file)) : readFileSync(file);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/**
 * One hash for a folder's whole content.
 * @param {Map<string, string>} content
 */
export function contentId(content) {
  const lines = [...content].map(([path, hash]) => `${hash} ${path}`).sort();
  return `sha256-${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
}

/**
 * Whether a folder holds the release.
 * @param {string} folder
 * @param {Release} release
 * @returns {'empty' | 'right' | 'other'} `other`: incomplete, changed, or another release
 */
export function inspect(folder, release) {
  if (!existsSync(folder)) return 'empty';
  const names = readdirSync(folder);
  if (names.length === 0) return 'empty';
  if (contentId(listContent(folder)) === release.content) return 'right';
  return names.includes('.git') && isCleanCheckout(folder, release) ? 'right' : 'other';
}

/**
 * Whether git finds a submodule at the release, even if its files have other line endings.
 * @param {string} folder
 * @param {Release} release
 */
function isCleanCheckout(folder, release) {
  const ids = capture('git', ['rev-parse', 'HEAD', 'HEAD^{tree}'], { cwd: folder });
  const [commit, tree] = ids.out.split('\n');
  if (!ids.ok || (commit !== release.commit && tree !== release.tree)) return false;
  return statusLines(folder)?.length === 0;
}

/**
 * The files of a folder that were changed or added by hand. Missing files do not count.
 * @param {string} folder
 * @param {Map<string, string> | null} expected the release's content, for a folder that git does not track; null:
 * the changes of such a folder are unknown
 * @returns {string[]}
 */
export function changedFiles(folder, expected) {
  const status = existsSync(join(folder, '.git')) ? statusLines(folder) : null;
  if (status === null) {
    if (expected === null) return [];
    return [...listContent(folder)]
      .filter(([path, hash]) => expected.get(path) !== hash)
      .map(([path]) => path);
  }
  return status.filter((line) => !/^( D|D )/.test(line)).map((line) => line.slice(3));
}

/**
 * @param {string} folder
 * @returns {string[] | null} git's short status; null: git does not know this folder
 */
function statusLines(folder) {
  const status = capture('git', ['status', '--porcelain'], { cwd: folder });
  return status.ok ? status.out.split('\n').filter((line) => line !== '') : null;
}
