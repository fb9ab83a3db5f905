/**
 * The cache that Hugging Face's programs share: contents in blobs/, named by their checksums, one folder per commit in
 * snapshots/ whose files link to them, and the commits of branches and tags in refs/. A file in a snapshot is always complete,
 * because it is linked last.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, link, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { writeFileAtomically } from '../atomic-file.js';
import { makeFolders } from '../folders.js';
import { isCommit, type Repository } from './repository.js';

/** The folder of a repository. */
export interface CacheFolder {
  readonly blobs: string;
  readonly refs: string;
  readonly snapshots: string;
}

export function cacheFolder(cache: string, { type, name }: Repository): CacheFolder {
  const folder = join(cache, `${type}s--${name.replace('/', '--')}`);
  return { blobs: join(folder, 'blobs'), refs: join(folder, 'refs'), snapshots: join(folder, 'snapshots') };
}

/** Whether a file exists; a link without its target does not. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The commit that a branch or tag had when it was last downloaded; null: it never was. */
export async function cachedCommit({ refs }: CacheFolder, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const commit = await readFile(join(refs, revision), 'utf8').catch(() => '');
  return isCommit(commit.trim()) ? commit.trim() : null;
}

/** Remembers the commit of a branch or tag, for when the hub is out of reach. */
export async function rememberCommit(folder: CacheFolder, revision: string, commit: string): Promise<void> {
  if ((await cachedCommit(folder, revision)) === commit) return;
  // A cache that is read-only still serves the files it has.
  await writeFileAtomically(join(folder.refs, revision), commit).catch(() => undefined);
}

/** The complete files of a snapshot, as paths in the repository. */
export async function cachedFiles({ snapshots }: CacheFolder, commit: string): Promise<string[]> {
  const folder = join(snapshots, commit);
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: string[] = [];
  for (const name of names) {
    const stats = await stat(join(folder, name)).catch(() => null);
    if (stats?.isFile() === true) files.push(name.split(sep).join('/'));
  }
  return files.sort();
}

/** Links a blob into a snapshot. Safe when other processes do the same. */
export async function linkBlob(blob: string, path: string): Promise<void> {
  await makeFolders(dirname(path));
  const fresh = `${path}.${randomUUID()}`;
  try {
    // Relative, so that the cache can be moved. Windows allows symbolic links only to some users.
    await symlink(relative(dirname(path), blob), fresh)
      .catch(() => link(blob, fresh))
      .catch(() => copyFile(blob, fresh));
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
