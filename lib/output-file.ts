import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { targetOf, writeError } from './atomic-file.js';
import { freeBytes } from './disk-space.js';
import { LongEmbedError } from './error.js';
import { formatBytes } from './format.js';

/**
 * Refuses an output that must not be written: the input itself, a folder or device, an existing file unless it may be
 * replaced, and a file that the disk has no room for.
 * @param size bytes to be written
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export async function checkOutput(
  output: string,
  input: string,
  overwrite: boolean,
  size: number,
): Promise<void> {
  const [before, source] = await Promise.all([stat(output).catch(() => null), stat(input).catch(() => null)]);
  if (before !== null) {
    if (source !== null && before.ino === source.ino && before.dev === source.dev) {
      throw invalid(`The output ${output} is the same file as the input: name another.`);
    }
    if (before.isDirectory()) writeError(output, { code: 'EISDIR' });
    if (!before.isFile()) throw invalid(`The output ${output} is not a regular file: name another.`);
    if (!overwrite) {
      throw invalid(`The output ${output} exists: name another, or allow replacing it (overwrite, --force).`);
    }
  }
  await checkSpace(output, size);
}

/** A file and what messages call it, such as "report". */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Refuses outputs that are the same file as an input, or as another output that would replace them.
 * @throws LongEmbedError ERR_INVALID_OPTION that names both
 */
export async function checkDistinct(
  outputs: readonly NamedFile[],
  inputs: readonly NamedFile[],
): Promise<void> {
  const found = new Map<string, NamedFile>();
  const refuse = (output: NamedFile, other: NamedFile | undefined): void => {
    if (other === undefined) return;
    throw invalid(
      `The ${output.name} ${output.path} is the same file as the ${other.name} ${other.path}: name another.`,
    );
  };
  for (const output of outputs) {
    const file = await identityOf(output.path);
    refuse(output, found.get(file));
    found.set(file, output);
  }
  for (const input of inputs) {
    const output = found.get(await identityOf(input.path));
    if (output !== undefined) refuse(output, input);
  }
}

/** The same for every path of a file: its number on its disk, or of one that is not there yet, the path that it will have. */
async function identityOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  if (stats !== null) return `${stats.dev}:${stats.ino}`;
  const target = resolve(await targetOf(path).catch(() => path));
  const folder = await realpath(dirname(target)).catch(() => dirname(target));
  return join(folder, basename(target));
}

async function checkSpace(path: string, size: number): Promise<void> {
  const target = await targetOf(path).catch(() => path);
  const free = freeOn(dirname(target), path);
  if (free >= size) return;
  throw invalid(
    `Cannot write to ${path}: it needs ${formatBytes(size)}, but the disk has ${formatBytes(free)} free.`,
  );
}

function freeOn(folder: string, path: string): number {
  try {
    return freeBytes(folder);
  } catch (error) {
    writeError(path, error);
  }
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
