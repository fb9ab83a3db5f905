import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeError } from '../lib/atomic-file.js';
import { hasEnded, processHost } from '../lib/process-host.js';

/** A process that works at a part. `host` names the processes among which its number is its own. */
const owner = z.object({ host: z.string(), pid: z.number(), token: z.string() });
export type Owner = z.infer<typeof owner>;

/** How often a process shows that it is alive, by the time at which its file was written. */
const SIGN_OF_LIFE_MS = 5000;
/** Without a sign for so long, a process on another machine is taken for dead. */
const STALE_MS = 60_000;

/**
 * A file that says which process works at a part, so that two never write to it at once. It needs no locks of the file system:
 * making a file that must not exist works on every shared folder, and all times are the file system's own, whatever the machines'
 * clocks say. A process of this machine that is gone loses its lock at once, one of another machine or container when it has shown
 * no sign of life for a minute.
 */
export class PartLock {
  readonly #path: string;
  readonly #owner: Owner;
  readonly #file: FileHandle;
  readonly #timer: NodeJS.Timeout;
  /** When the lock was last seen to be ours. */
  #seen = Date.now();

  private constructor(path: string, mine: Owner, file: FileHandle) {
    this.#path = path;
    this.#owner = mine;
    this.#file = file;
    // Through the open file: if the lock was taken away, another's is not touched. What fails is tried again.
    const show = async (): Promise<void> => {
      await writeOwner(file, mine).catch(() => undefined);
      await this.isMine();
    };
    this.#timer = setInterval(() => void show(), SIGN_OF_LIFE_MS);
    this.#timer.unref();
  }

  /**
   * Takes the lock.
   * @returns it, or who has it; null: somebody who has only begun to take it
   * @throws LongEmbedError ERR_INVALID_OPTION when the file cannot be written
   */
  static async take(path: string, staleMs = STALE_MS): Promise<PartLock | { readonly holder: Owner | null }> {
    const mine = { host: processHost(), pid: process.pid, token: randomUUID() };
    for (;;) {
      const file = await open(path, 'wx').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
        return writeError(path, error);
      });
      if (file !== null) {
        await writeOwner(file, mine).catch(async (error: unknown) => {
          // An empty lock would keep everybody away for a minute.
          await file.close().catch(() => undefined);
          await rm(path, { force: true });
          return writeError(path, error);
        });
        return new PartLock(path, mine, file);
      }
      const holder = await readOwner(path);
      if (await isAliveAt(path, holder, staleMs)) return { holder };
      await takeAway(path, holder, mine.token);
    }
  }

  /** Whether nobody took the lock away, as happens to a process that was stopped for long. */
  async isMine(): Promise<boolean> {
    const mine = (await readOwner(this.#path))?.token === this.#owner.token;
    if (mine) this.#seen = Date.now();
    return mine;
  }

  /** As `isMine`, and looks only when that is not known from the last few seconds, since nobody takes a lock so young. */
  async isStillMine(): Promise<boolean> {
    return Math.abs(Date.now() - this.#seen) < 2 * SIGN_OF_LIFE_MS || (await this.isMine());
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#file.close();
    if (await this.isMine()) await rm(this.#path, { force: true });
  }
}

async function writeOwner(file: FileHandle, mine: Owner): Promise<void> {
  await file.write(JSON.stringify(mine), 0);
  await file.sync();
}

async function isAliveAt(path: string, holder: Owner | null, staleMs: number): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return false;
  if (holder !== null && hasEnded(holder.host, holder.pid)) return false;
  return (await fileSystemNow(path)) - stats.mtimeMs < staleMs;
}

/** Moves a dead process's lock away. Another process may have done so and taken the lock meanwhile: then it gets it back. */
async function takeAway(path: string, dead: Owner | null, token: string): Promise<void> {
  const away = `${path}.${token.slice(0, 8)}`;
  await rename(path, away).catch(() => undefined);
  const moved = await readOwner(away);
  if (moved !== null && moved.token !== dead?.token) await rename(away, path).catch(() => undefined);
  await rm(away, { force: true });
}

/** The time of the file system, in milliseconds: that of a file just written. */
async function fileSystemNow(path: string): Promise<number> {
  const probe = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await writeFile(probe, '?');
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return owner.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
