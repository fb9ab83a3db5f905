import { createRequire } from 'node:module';
import { LongEmbedError } from '../error.js';
import { packageRoot } from '../package.js';
import type { NativeAddon } from './types.js';

let loaded: NativeAddon | undefined;

/**
 * The C++ addon, loaded on first use: from `prebuilds/` for this platform, else from `build/`.
 * @throws LongEmbedError ERR_BACKEND when there is no binary, or it does not load on this machine
 */
export function addon(): NativeAddon {
  return (loaded ??= load());
}

function load(): NativeAddon {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  try {
    const nodeGypBuild = require('node-gyp-build') as (folder: string) => NativeAddon;
    return nodeGypBuild(root);
  } catch (error) {
    throw new LongEmbedError(
      'ERR_BACKEND',
      `The native part of longembed could not be loaded for ${process.platform}-${process.arch} (Node ${process.version}). ` +
        `Run "npm rebuild longembed" to build it, which needs CMake and a C++17 compiler; in a clone of the repository, "npm run build". ` +
        `What was tried: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
