import { existsSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeFailure } from '../../lib/error.js';

/** Makes a folder and those above it, where they are missing. @throws the system's error, see `folderFailure` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    // So says Node of a read-only file system too, though no folder is missing that could not be made.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await access(nearest(folder), constants.W_OK);
    throw error;
  }
}

/** Why a folder cannot be used: a clause without a full stop. */
export function folderFailure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place' : writeFailure(error);
}

/** The folder itself or the first above it that is there. */
function nearest(folder: string): string {
  let found = resolve(folder);
  while (!existsSync(found)) found = dirname(found);
  return found;
}
