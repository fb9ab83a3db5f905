/**
 * The cache that Hugging Face's programs share: contents in blobs/ under their checksum, and for every commit a folder
 * in snapshots/ whose files point at them. A file that is in a snapshot is whole: it got there last.
 */
import { copyFile, mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { randomUUID } from 'node:crypto';

export interface CacheFolder {
  readonly blobs: string;
  readonly snapshot: string;
}

/** Where a data set's files of a commit are. */
export function cacheFolder(cache: string, name: string, commit: string): CacheFolder {
  const folder = join(cache, `datasets--${name.replace('/', '--')}`);
  return { blobs: join(folder, 'blobs'), snapshot: join(folder, 'snapshots', commit) };
}

/** Whether a file is there, all of it: a link whose target is gone does not count. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Puts a blob into a snapshot. Another process may do the same at the same time. */
export async function pointAt(blob: string, pointer: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  const fresh = `${pointer}.${randomUUID()}`;
  try {
    // relative, so that the cache can be moved
    await symlink(relative(dirname(pointer), blob), fresh).catch(() => copyFile(blob, fresh));
    await rename(fresh, pointer);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
