import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { changedFiles, inspect, listContent } from './llama-folder.mjs';
import { fromPackage, fromSubmodule } from './llama-sources.mjs';
import { llamaDir, root } from './paths.mjs';
import { say, ScriptError } from './process.mjs';

/** @typedef {import('./llama-folder.mjs').Release} Release */

const INCOMING = '.incoming-';

/** @returns {Release} */
export function readRelease() {
  return JSON.parse(readFileSync(join(root, 'cmake', 'llama.json'), 'utf8'));
}

/** @typedef {(folder: string, work: string, release: Release) => void} Unpack see {@link fromPackage} */

/**
 * @typedef {object} FetchOptions
 * @property {string} [folder] default: vendor/llama.cpp
 * @property {Release} [release] default: the one of cmake/llama.json
 * @property {boolean} [force] discard changes in the folder
 * @property {(root: string, path: string, release: Release) => string | null} [submodule] tests substitute another source
 * @property {Unpack} [unpack] likewise
 */

/**
 * Makes the folder hold the release of llama.cpp: from the git submodule, else from the npm package. A complete folder
 * is kept, an incomplete one is completed, one with local changes is never overwritten without `force`.
 * @param {FetchOptions} [options]
 * @returns {'kept' | 'submodule' | 'package'} what was done
 * @throws {ScriptError} the folder has changes, or no source could be reached
 */
export function fetchLlama(options = {}) {
  const {
    folder = llamaDir,
    release = readRelease(),
    force = false,
    submodule = fromSubmodule,
    unpack = fromPackage,
  } = options;
  const state = inspect(folder, release);
  if (state === 'right') {
    say(`llama.cpp ${release.release} is complete.`);
    return 'kept';
  }

  const isClone = existsSync(join(folder, '.git'));
  if (isClone && !force) refuseChanges(folder, null);
  if (isClone || state === 'empty') {
    say(`fetching llama.cpp ${release.release} with git submodule …`);
    const failure = submodule(root, relative(root, folder).split(sep).join('/'), release);
    if (failure === null && inspect(folder, release) === 'right') {
      say(`fetched from the submodule, commit ${release.commit.slice(0, 12)}.`);
      return 'submodule';
    }
    say(`the submodule could not be used: ${failure ?? 'it is at another commit'}.`);
  }

  replaceFromPackage(folder, release, force, unpack);
  return 'package';
}

/**
 * @param {string} folder
 * @param {Release} release
 * @param {boolean} force
 * @param {Unpack} unpack
 */
function replaceFromPackage(folder, release, force, unpack) {
  const { name, version } = release.package;
  say(`fetching llama.cpp ${release.release} from the npm package ${name}@${version} …`);
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent)) {
    if (entry.startsWith(INCOMING)) rmSync(join(parent, entry), { recursive: true, force: true }); // an interrupted run's
  }
  // beside the folder, so that one rename puts it in place and no half-filled folder is ever seen
  const work = mkdtempSync(join(parent, INCOMING));
  try {
    const fresh = join(work, 'llama.cpp');
    unpack(fresh, work, release);
    if (inspect(fresh, release) !== 'right') {
      throw new ScriptError(`The files in ${name}@${version} are not those of llama.cpp ${release.release}.`);
    }
    if (existsSync(folder)) {
      if (!force) refuseChanges(folder, listContent(fresh));
      renameSync(folder, join(work, 'old'));
    }
    renameSync(fresh, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  say(`it is in place: tree ${release.tree.slice(0, 12)}, ${release.files} files, all checked.`);
}

/**
 * @param {string} folder
 * @param {Map<string, string> | null} expected
 * @throws {ScriptError} the folder has local changes
 */
function refuseChanges(folder, expected) {
  const changed = changedFiles(folder, expected);
  if (changed.length === 0) return;
  const named =
    changed.slice(0, 3).join(', ') + (changed.length > 3 ? ` and ${changed.length - 3} more` : '');
  throw new ScriptError(
    `${relative(root, folder)} has files that are not llama.cpp's: ${named}. ` +
      'Run `npm run fetch-llama -- --force` to discard them, ' +
      'or set LONGEMBED_LLAMA_DIR to a folder with your own llama.cpp to build with that.',
  );
}
