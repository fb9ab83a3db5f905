/**
 * What was downloaded of a file so far. While a process downloads, the partial file's name says which one it is, and no
 * other touches it. When it gives up, it leaves the file under a name that anybody may take over; so does, without
 * knowing, a process that was killed. Taking over is one renaming, so of several processes one gets it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

const HOST = hostname().replaceAll(/[^A-Za-z0-9]/g, '_');
/**
 * A partial file that has not been touched for so long, in milliseconds, is nobody's: its process may have run on another
 * machine, or its number may have gone to another process since.
 */
const SILENT = 120_000;

interface Partial {
  readonly path: string;
  /** null: nobody's. */
  readonly owner: { readonly host: string; readonly pid: number } | null;
}

/** Begins, or goes on where somebody left off. Returns the file that now is this process's own. */
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

/** Shows that the download still goes on, while nothing arrives. */
export async function touchPartial(own: string): Promise<void> {
  const now = new Date();
  await utimes(own, now, now);
}

/** Leaves a file to whoever comes next. */
export async function leavePartial(own: string, blob: string): Promise<void> {
  const { size } = await stat(own);
  if (size === 0) await rm(own);
  else await rename(own, `${stem(blob)}.incomplete`);
}

/** Whether another download of the same file is under way, here or in another process. */
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
  return stats !== undefined && Date.now() - stats.mtimeMs < SILENT;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
