/**
 * Partial downloads. While a process downloads a file, the name of the partial file contains its host and process id, and no
 * other process touches it. A process that gives up renames it so that anyone may take it over; a killed process is
 * recognised by its id. Taking over is one rename, so only one process succeeds.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../folders.js';
import { hasEnded, processHost } from '../process-host.js';
import { exists } from './cache.js';
import { sleep } from './fetch.js';

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

/** Interval between checks whether another process has finished. */
const POLL_INTERVAL_MS = 250;

/**
 * Makes this process the only one that downloads a blob; waits while another does.
 * @param onWait called once when there is another
 * @returns the path of the partial file, with what earlier downloads left in it; null: the blob is there now
 * @throws LongEmbedError ERR_ABORTED; the system's error when the cache cannot be written
 */
export async function claimPartial(
  blob: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<string | null> {
  for (let waited = false; !(await exists(blob));) {
    if (await isBeingDownloaded(blob)) {
      if (!waited) onWait();
      waited = true;
      await sleep(POLL_INTERVAL_MS, signal);
      continue;
    }
    const own = await takePartial(blob);
    if (!(await isBeingDownloaded(blob, own))) return own;
    // Two came at the same moment. Whoever sees the other gives way, so that never both go on; chance decides who is next.
    await leavePartial(own, blob);
    await sleep(Math.random() * POLL_INTERVAL_MS, signal);
  }
  return null;
}

/** Creates a partial file or takes over an abandoned one. @returns its path, owned by this process */
async function takePartial(blob: string): Promise<string> {
  await makeFolders(dirname(blob));
  const own = `${stem(blob)}.${processHost()}.${process.pid}.${randomUUID()}.incomplete`;
  for (const partial of await partials(blob)) {
    if (await isHeld(partial)) continue;
    const taken = await rename(partial.path, own).then(
      () => true,
      () => false,
    );
    if (!taken) continue;
    await touchPartial(own);
    return own;
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

/** Whether a blob is being downloaded, in this process or another. @param own a partial file that does not count */
async function isBeingDownloaded(blob: string, own?: string): Promise<boolean> {
  for (const partial of await partials(blob)) {
    if (partial.path !== own && (await isHeld(partial))) return true;
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
  if (owner === null || hasEnded(owner.host, owner.pid)) return false;
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs < STALE_MS;
}
