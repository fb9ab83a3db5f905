/** Where the addon's binary is. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { LongEmbedError } from '../error.js';
import { packageRoot, packageVersion } from '../package.js';
import { platformPackages, thisTarget } from './platform.js';

const require = createRequire(import.meta.url);

/** The addon's file name in every folder that it is built in. */
const ADDON = 'longembed.node';

/** A binary that was found, and by what. */
export interface Binary {
  readonly file: string;
  readonly source: 'LONGEMBED_BINARY' | 'build' | 'package';
}

/**
 * The addon's binary: the one that the variable `LONGEMBED_BINARY` names, else a build in this package's folder, else the one
 * of the platform package.
 * @throws LongEmbedError ERR_BACKEND when there is none, with the likely cause and one command
 */
export function findBinary(): Binary {
  const given = process.env['LONGEMBED_BINARY'] ?? '';
  if (given !== '') return { file: givenBinary(given), source: 'LONGEMBED_BINARY' };
  const root = packageRoot();
  const built = builtBinary(root);
  if (built !== undefined) return { file: built, source: 'build' };
  for (const name of platformPackages()) {
    const file = installedBinary(name, root);
    if (file !== undefined) return { file, source: 'package' };
  }
  throw new LongEmbedError('ERR_BACKEND', missingBinary(root));
}

/** @param given the addon, or the folder that it is in */
function givenBinary(given: string): string {
  const isFolder = statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = resolve(isFolder ? join(given, ADDON) : given);
  if (existsSync(file)) return file;
  throw new LongEmbedError(
    'ERR_BACKEND',
    `The variable LONGEMBED_BINARY names ${file}, which does not exist.`,
  );
}

/** A source build, or what prebuildify made of one. */
function builtBinary(root: string): string | undefined {
  if (!isLongembed(root)) return undefined;
  const file = join(root, 'build', 'Release', ADDON);
  if (existsSync(file)) return file;
  if (!existsSync(join(root, 'prebuilds'))) return undefined;
  try {
    const nodeGypBuild = require('node-gyp-build') as { resolve: (folder: string) => string };
    const found = nodeGypBuild.resolve(root);
    return found.startsWith(root) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** @throws LongEmbedError ERR_BACKEND when the package is not of longembed's version: what it answers may not be what is asked */
function installedBinary(name: string, root: string): string | undefined {
  let file: string;
  let version: string | undefined;
  try {
    file = require.resolve(name);
    version = manifestOf(require.resolve(`${name}/package.json`)).version;
  } catch {
    return undefined;
  }
  const wanted = packageVersion();
  // in a bundle, the nearest package.json is the application's
  if (version === wanted || !isLongembed(root)) return file;
  throw new LongEmbedError(
    'ERR_BACKEND',
    `The native part of longembed is of another version: ${name} is ${version}, and longembed ${wanted}. ` +
      `Run "npm i ${name}@${wanted}".`,
  );
}

/** Why there may be no binary, and what to do. @param root the folder of the nearest package.json */
export function missingBinary(root: string): string {
  const target = thisTarget();
  const where = `The native part of longembed was not found for ${target}`;
  if (!isLongembed(root)) {
    return (
      `${where}: ${root} is not the package longembed, because a bundler has put its code into another file, apart from the ` +
      'binary. Mark longembed as external (esbuild --external:longembed, serverExternalPackages in Next, asarUnpack in ' +
      'Electron; docs/packaging.md).'
    );
  }
  if (existsSync(join(root, 'tsconfig.json'))) {
    return `${where}: this clone of the repository has not been built. Run "npm run build".`;
  }
  if (platformPackages().length === 0) {
    return `${where}: no binaries are published for it. Run "npx longembed build" to build one from source (CMake, a C++17 compiler).`;
  }
  return (
    `${where}: the package @longembed/${target} is not installed. Package managers leave it out with --omit=optional ` +
    '(--no-optional), or by a lock file or a node_modules folder that was made on another platform. ' +
    // as an optional dependency it does not stop an installation on another platform; npm's own configuration may leave those out
    `Run "npm i --save-optional --include=optional @longembed/${target}@${packageVersion()}".`
  );
}

/** Why a binary that is there could not be loaded, and what to do. */
export function unloadableBinary({ file, source }: Binary, reason: string): string {
  const what = `The native part of longembed, ${file}, could not be loaded (${process.platform}-${process.arch}, Node ${process.version})`;
  const told = reason.trim().replace(/\.$/, '');
  if (/loading addons is disabled/.test(told)) {
    return `${what}: Node's permission model forbids it (--allow-addons allows it).`;
  }
  if (source === 'LONGEMBED_BINARY')
    return `${what}: ${told}. It was named by the variable LONGEMBED_BINARY.`;
  if (source === 'build') {
    const again = existsSync(join(packageRoot(), 'tsconfig.json')) ? 'npm run build' : 'npx longembed build';
    return `${what}: ${told}. It was built on this machine or copied from another: run "${again}" to build it here.`;
  }
  const cause = /GLIBC_|libc\.musl|ld-linux|ld-musl/.test(told)
    ? ' The C library of this system is older than the binary needs, or another one.'
    : '';
  return `${what}: ${told}.${cause} Run "npx longembed build" to build one from source (CMake, a C++17 compiler).`;
}

function isLongembed(root: string): boolean {
  try {
    return manifestOf(join(root, 'package.json')).name === 'longembed';
  } catch {
    return false;
  }
}

function manifestOf(file: string): { name?: string; version?: string } {
  return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
}
