/**
 * The cache that Hugging Face's programs share: contents in blobs/, named by their checksums, and one folder per commit in
 * snapshots/ whose files link to them. A file in a snapshot is always complete, because it is linked last.
 *
 * Partial downloads. While a process downloads a file, the name of the partial file contains its host and process id, and
 * no other process touches it. A process that gives up renames it so that anyone may take it over; a killed process is
 * recognised by its id. Taking over is one rename, so only one process succeeds.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { LONGEMBED_COMMIT } from '../../tasks/task.js';

/** The paper's data on the hub, at the commit that MTEB pins. */
export const REPOSITORY = { name: 'dwzhu/LongEmbed', commit: LONGEMBED_COMMIT } as const;

/** For messages and results: "dwzhu/LongEmbed@6e34664". */
export const REPOSITORY_LABEL = `${REPOSITORY.name}@${REPOSITORY.commit.slice(0, 7)}`;

export interface CacheFolder {
  readonly blobs: string;
  readonly snapshot: string;
}

/** The folders of a data set at a commit. */
export function cacheFolder(cache: string, name: string, commit: string): CacheFolder {
  const folder = join(cache, `datasets--${name.replace('/', '--')}`);
  return { blobs: join(folder, 'blobs'), snapshot: join(folder, 'snapshots', commit) };
}

/** Whether a file exists; a link without its target does not. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Links a blob into a snapshot. Safe when other processes do the same. */
export async function linkBlob(blob: string, link: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const fresh = `${link}.${randomUUID()}`;
  try {
    // relative, so that the cache can be moved
    await symlink(relative(dirname(link), blob), fresh).catch(() => copyFile(blob, fresh));
    await rename(fresh, link);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

const HOST = hostname().replaceAll(/[^A-Za-z0-9]/g, '_');
/**
 * A partial file untouched for this long has no owner: its process may have run on another machine, or its id may belong to
 * another process by now.
 */
const STALE_MS = 120_000;

interface Partial {
  readonly path: string;
  /** null: none. */
  readonly owner: { readonly host: string; readonly pid: number } | null;
}

/** Creates a partial file or takes over an abandoned one. @returns its path, owned by this process */
export async function takePartial(blob: string): Promise<string> {
  await mkdir(dirname(blob), { recursive: true });
  const own = `${stem(blob)}.${HOST}.${process.pid}.${randomUUID()}.incomplete`;
  for (const partial of await partials(blob)) {
    if (await isHeld(partial)) continue;
    const taken = await rename(partial.path, own).then(
      () => true,
      () => false,
    );
    if (taken) return own;
  }
  await writeFile(own, '', { flag: 'wx' });
  return own;
}

/** Marks the download as alive while no data arrive. */
export async function touchPartial(own: string): Promise<void> {
  const now = new Date();
  await utimes(own, now, now);
}

/** Gives up ownership so that the next download continues from here. */
export async function leavePartial(own: string, blob: string): Promise<void> {
  const { size } = await stat(own);
  if (size === 0) await rm(own);
  else await rename(own, `${stem(blob)}.incomplete`);
}

/** Whether the same file is being downloaded elsewhere, in this process or another. */
export async function isBeingDownloaded(blob: string): Promise<boolean> {
  for (const partial of await partials(blob)) {
    if (await isHeld(partial)) return true;
  }
  return false;
}

function stem(blob: string): string {
  return `${blob}.longembed`;
}

async function partials(blob: string): Promise<Partial[]> {
  const start = basename(stem(blob));
  const names = await readdir(dirname(blob)).catch(() => []);
  return names.flatMap((name) => {
    if (!name.startsWith(`${start}.`) || !name.endsWith('.incomplete')) return [];
    const path = join(dirname(blob), name);
    const [host, pid] = name.slice(start.length + 1).split('.');
    const owner = host === undefined || pid === undefined ? null : { host, pid: Number(pid) };
    return [{ path, owner }];
  });
}

async function isHeld({ path, owner }: Partial): Promise<boolean> {
  if (owner === null || (owner.host === HOST && !isAlive(owner.pid))) return false;
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs < STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
