import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeError } from './atomic-file.js';
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

async function checkSpace(path: string, size: number): Promise<void> {
  const target = await realpath(path).catch(() => path);
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
