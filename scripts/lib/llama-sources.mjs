import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, npmCommand, ScriptError } from './process.mjs';

/** @typedef {import('./llama-folder.mjs').Release} Release */

// Never prompt: not for a user name, not for an unknown host key.
const QUIET_GIT = { GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=10' };
const REACH_MS = 20_000;
const DOWNLOAD_MS = 15 * 60_000;

/**
 * Fills the submodule with git.
 * @param {string} root the repository's root
 * @param {string} path the submodule's path in it
 * @param {Release} release
 * @returns {string | null} why it could not be done; null: it is done
 */
export function fromSubmodule(root, path, release) {
  const recorded = capture('git', ['ls-files', '--stage', '--full-name', '--', path], { cwd: root });
  if (!recorded.ok || !recorded.out.startsWith('160000 ') || !recorded.out.trimEnd().endsWith(`\t${path}`)) {
    return 'this folder is no git checkout with the submodule';
  }
  // asked first with little patience: `submodule update` would try long, and try twice
  const reach = capture('git', ['ls-remote', '--exit-code', release.url, 'HEAD'], {
    timeout: REACH_MS,
    env: QUIET_GIT,
  });
  if (!reach.ok) return `${release.url} cannot be reached`;

  const update = ['submodule', 'update', '--init', '--force', '--depth', '1', '--', path];
  const done = capture('git', update, { cwd: root, timeout: DOWNLOAD_MS, env: QUIET_GIT });
  return done.ok ? null : `git submodule update failed: ${lastLine(done.err)}`;
}

/**
 * Brings the release from the npm package that carries it as a git bundle, into `folder`, which must not exist.
 * @param {string} folder
 * @param {string} work an empty folder to work in
 * @param {Release} release
 * @throws {ScriptError} what could not be done
 */
export function fromPackage(folder, work, release) {
  if (!capture('git', ['--version']).ok) {
    throw new ScriptError('git is missing. It unpacks the source of llama.cpp: install it and try again.');
  }
  checkOutBundle(unpackBundle(downloadPackage(work, release), work, release), folder, work, release);
}

/**
 * @param {string} work
 * @param {Release} release
 * @returns {string} the tarball
 */
function downloadPackage(work, release) {
  const { name, version, integrity } = release.package;
  // `pack` downloads this one file; `install` would also download a gigabyte of binaries
  const [npm, args] = npmCommand(['pack', `${name}@${version}`, '--silent', '--pack-destination', work]);
  const packed = capture(npm, args, {
    cwd: work,
    timeout: DOWNLOAD_MS,
    env: { npm_config_dry_run: 'false' },
  });
  const file = readdirSync(work).find((entry) => entry.endsWith('.tgz'));
  if (!packed.ok || file === undefined) {
    throw new ScriptError(`npm could not download ${name}@${version}: ${lastLine(packed.err || packed.out)}`);
  }
  const tarball = join(work, file);
  const sum = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (sum !== integrity) {
    throw new ScriptError(`${name}@${version} has the wrong checksum: ${sum}, expected ${integrity}.`);
  }
  return tarball;
}

/**
 * @param {string} tarball
 * @param {string} work
 * @param {Release} release
 * @returns {string} the git bundle
 */
function unpackBundle(tarball, work, release) {
  // file names are relative: GNU tar takes the colon after a Windows drive for that of a host name
  const unpacked = capture('tar', ['-xzf', tarball.slice(work.length + 1), release.package.bundle], {
    cwd: work,
  });
  if (!unpacked.ok) throw new ScriptError(`tar could not unpack ${tarball}: ${lastLine(unpacked.err)}`);
  return join(work, release.package.bundle);
}

/**
 * Writes the files of a bundle's head, without a repository: the folder is part of ours, not a clone.
 * @param {string} bundle
 * @param {string} folder
 * @param {string} work
 * @param {Release} release
 */
export function checkOutBundle(bundle, folder, work, release) {
  const repository = join(work, 'bundle.git');
  const git = (/** @type {string[]} */ ...args) => {
    const done = capture('git', args, { cwd: work });
    if (!done.ok)
      throw new ScriptError(`git ${args[0]} failed on the bundle of llama.cpp: ${lastLine(done.err)}`);
    return done.out.trim();
  };
  git('clone', '--quiet', '--bare', bundle, repository);
  const inRepository = ['-C', repository, '-c', 'core.autocrlf=false', '-c', 'core.bare=false'];
  const tree = git(...inRepository, 'rev-parse', 'HEAD^{tree}');
  if (tree !== release.tree) {
    throw new ScriptError(`The bundle of llama.cpp holds tree ${tree}, expected ${release.tree}.`);
  }
  mkdirSync(folder);
  git(...inRepository, `--work-tree=${folder}`, 'checkout', '--quiet', '--force', 'HEAD', '--', '.');
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
