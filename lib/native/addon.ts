import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LongEmbedError } from '../error.js';
import { packageRoot } from '../package.js';
import type { NativeAddon } from './types.js';

const MIN_NODE = 20;

let loaded: NativeAddon | undefined;

/**
 * The C++ addon, loaded on first use: from `prebuilds/` for this platform, else from `build/`.
 * @throws LongEmbedError ERR_BACKEND when there is no binary, or it does not load on this machine
 */
export function addon(): NativeAddon {
  return (loaded ??= load());
}

function load(): NativeAddon {
  checkNode(process.versions.node);
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  try {
    const nodeGypBuild = require('node-gyp-build') as (folder: string) => NativeAddon;
    return nodeGypBuild(root);
  } catch (error) {
    throw new LongEmbedError(
      'ERR_BACKEND',
      `The native part of longembed could not be loaded for ${process.platform}-${process.arch} (Node ${process.version}). ` +
        `${remedy(root)} ` +
        `What was tried: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** @throws LongEmbedError ERR_BACKEND for a Node that lacks what the library uses */
export function checkNode(version: string): void {
  if (Number.parseInt(version) >= MIN_NODE) return;
  throw new LongEmbedError(
    'ERR_BACKEND',
    `longembed needs Node ${MIN_NODE} or newer; this is Node ${version}.`,
  );
}

/** What to do about a missing binary. @param root the folder of the nearest package.json */
export function remedy(root: string): string {
  if (!isLongembed(root)) {
    return (
      `${root} is not the package longembed: a bundler has put its code into another file, apart from the binary. ` +
      'Mark longembed as external (esbuild --external:longembed, serverExternalPackages in Next, asarUnpack in Electron).'
    );
  }
  return (
    'It may not have been built because install scripts were blocked: run "npm install-scripts approve longembed && npm rebuild longembed" ' +
    '(npm before 12: "npm rebuild longembed"; pnpm: "pnpm approve-builds"), which needs CMake and a C++17 compiler; ' +
    'in a clone of the repository, "npm run build".'
  );
}

function isLongembed(root: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'longembed';
  } catch {
    return false;
  }
}
