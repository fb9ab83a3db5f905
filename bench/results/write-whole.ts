import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LongEmbedError } from '../../lib/index.js';
import { writeFailure } from '../../lib/error.js';

/**
 * Writes a file that is there whole or not at all: the text goes to a temporary file in the same folder, which then takes
 * its place. Folders are made.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(partial, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new LongEmbedError('ERR_INVALID_OPTION', `Cannot write to ${path}: ${writeFailure(error)}.`, {
      cause: error,
    });
  }
}
