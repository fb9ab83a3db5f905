import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Disposable output of scripts: models, test reports. */
export const cacheDir = join(root, '.cache');

/** Packages laid out for publication, a folder each. */
export const packagesDir = join(root, 'build-packages');

/** llama.cpp's source, a git submodule. */
export const llamaDir = join(root, 'vendor', 'llama.cpp');
