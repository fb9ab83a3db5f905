/** The installed package: its folder, version and the models in it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the nearest package.json above, because this file is compiled to another depth. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** longembed's version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The small models that come with the package: see models/README.md. */
export const SHIPPED_MODELS = ['mini-rope', 'mini-ape', 'mini-causal'] as const;

/** The default model of `EmbeddingModel.load`. */
export const DEFAULT_MODEL = 'mini-rope' satisfies (typeof SHIPPED_MODELS)[number];

/**
 * The path of a model given by path or by a shipped model's name. A file of that name takes precedence, a folder does not. Of a file
 * in an Electron application's archive it is the one beside the archive, which native code can open.
 */
export function modelFile(given: string): string {
  const ships = (SHIPPED_MODELS as readonly string[]).includes(given);
  return outsideArchive(ships && !isFile(given) ? join(packageRoot(), 'models', `${given}.gguf`) : given);
}

/**
 * Electron's Node reads `app.asar` as a folder and takes the files that were left out of it from `app.asar.unpacked`, under paths in
 * the former; other code has to name the latter.
 */
function outsideArchive(path: string): string {
  const beside = path.replace(/\.asar(?=[\\/])/, '.asar.unpacked');
  return beside !== path && isFile(beside) ? beside : path;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
