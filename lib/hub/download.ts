import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../abort.js';
import { freeBytes } from '../disk-space.js';
import { formatBytes } from '../format.js';
import { type CacheFolder, exists, linkBlob } from './cache.js';
import { CallerError, HubFailure } from './failure.js';
import { type Connection, pause } from './fetch.js';
import type { Checksum, RemoteFile } from './files.js';
import type { DownloadProgress, OnDownload } from './progress.js';
import { claimPartial, leavePartial, touchPartial } from './partial.js';

/**
 * Downloads files into the cache, one after the other, and links them into the snapshot of a commit. Interrupted downloads
 * are resumed, also by the next run. A file appears once its checksum has been verified.
 * @throws HubFailure; CallerError with what onProgress throws; LongEmbedError ERR_ABORTED; the system's error when the cache
 *   cannot be written
 */
export async function downloadFiles(
  files: readonly RemoteFile[],
  folder: CacheFolder,
  commit: string,
  connection: Connection,
  onProgress: OnDownload,
): Promise<void> {
  for (const file of files) {
    const blob = join(folder.blobs, file.checksum.value);
    await new Download(file, blob, connection, onProgress).run();
    await linkBlob(blob, join(folder.snapshots, commit, file.path));
  }
}

/** How often a download may lose its partial file to another process before that is an error. */
const MAX_LOST = 10;
/** Minimum time between two touches of a partial file that is being checked. */
const TOUCH_INTERVAL_MS = 10_000;

class Download {
  readonly #file: RemoteFile;
  readonly #blob: string;
  readonly #connection: Connection;
  readonly #onProgress: OnDownload;

  constructor(file: RemoteFile, blob: string, connection: Connection, onProgress: OnDownload) {
    this.#file = file;
    this.#blob = blob;
    this.#connection = connection;
    this.#onProgress = onProgress;
  }

  /**
   * Another process that cannot see this one, such as one in a container of the same name, takes its partial file for abandoned and
   * goes on with it: then this one waits for the other, as if it had come second.
   */
  async run(): Promise<void> {
    const { signal } = this.#connection;
    for (let lost = 0; ; lost++) {
      const partial = await claimPartial(this.#blob, signal, () => this.#report('waiting', 0));
      if (partial === null) return;
      try {
        await this.#complete(partial);
        return;
      } catch (error) {
        const isLost = (error as NodeJS.ErrnoException).code === 'ENOENT' && !(await exists(partial));
        if (!isLost || lost === MAX_LOST) throw error;
      }
    }
  }

  /** Fills a partial file, verifies it and gives it its name. */
  async #complete(partial: string): Promise<void> {
    const { path, checksum } = this.#file;
    let found: string;
    try {
      await this.#checkSpace(partial);
      await this.#fill(partial);
      found = await this.#checksum(partial);
    } catch (error) {
      // The reason of the failed download matters more than a failure to keep its part.
      await leavePartial(partial, this.#blob).catch(() => undefined);
      throw error;
    }
    if (found !== checksum.value) {
      await rm(partial);
      throw new HubFailure(
        'damaged',
        `${path} arrived damaged: its checksum is ${found} and should be ${checksum.value}. ` +
          'It was removed; try again, and if it happens again, check for a proxy that changes downloads.',
      );
    }
    await flush(partial);
    await rename(partial, this.#blob);
  }

  /** Refuses a download that the disk has no room for, before hours are spent on it. */
  async #checkSpace(partial: string): Promise<void> {
    const missing = this.#file.sizeBytes - (await sizeOf(partial));
    const free = freeBytes(dirname(partial));
    if (free >= missing) return;
    throw new HubFailure(
      'unwritable',
      `${this.#file.path} needs ${formatBytes(missing)} in the cache ${this.#connection.settings.cache}, but its disk has only ` +
        `${formatBytes(free)} left: free some space, or set HF_HUB_CACHE to a folder on another disk.`,
    );
  }

  /** Requests the missing bytes until all have arrived. */
  async #fill(partial: string): Promise<void> {
    const { path, sizeBytes } = this.#file;
    const { signal, settings } = this.#connection;
    for (let attempt = 1; ;) {
      const before = await sizeOf(partial);
      if (before === sizeBytes) return;
      await touchPartial(partial);
      const cut = await this.#fetchRest(partial, before < sizeBytes ? before : 0);
      const after = await sizeOf(partial);
      if (after === sizeBytes) return;
      // Any progress, however slow, starts the count of attempts again.
      attempt = after > before ? 1 : attempt + 1;
      if (attempt > settings.maxAttempts) {
        throw cut ?? new Error(`${path} ends after ${after} of ${sizeBytes} bytes`);
      }
      await pause(attempt, settings.firstPauseMs, null, signal);
    }
  }

  /**
   * Requests the bytes from `start` on.
   * @returns the error that interrupted the connection; null when the server ended it
   */
  async #fetchRest(partial: string, start: number): Promise<Error | null> {
    const response = await this.#connection.fetch(this.#file.url, {
      headers: { 'accept-encoding': 'identity', ...(start > 0 && { range: `bytes=${start}-` }) },
    });
    if (response.body === null) return new Error(`${this.#file.path} came without content`);
    const handle = await open(partial, 'r+');
    try {
      // A server without range support sends the whole file with status 200.
      const from = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0);
      await handle.truncate(from);
      return await this.#append(handle, from, response.body);
    } finally {
      await handle.close();
    }
  }

  async #append(handle: FileHandle, from: number, body: ReadableStream<Uint8Array>): Promise<Error | null> {
    const reader = body.getReader();
    this.#report('downloading', from);
    for (let position = from; ;) {
      const piece = await reader
        .read()
        .catch((cause: unknown) => new Error('the connection was cut', { cause }));
      throwIfAborted(this.#connection.signal);
      if (piece instanceof Error) return piece;
      if (piece.done) return null;
      // Bytes beyond the end are wrong; the checksum detects all other damage.
      const wanted = piece.value.subarray(0, this.#file.sizeBytes - position);
      await writeAll(handle, wanted, position);
      position += wanted.length;
      this.#report('downloading', position);
      if (wanted.length < piece.value.length) {
        await reader.cancel();
        return null;
      }
    }
  }

  /** Checksum of the whole file, in lower-case hex. */
  async #checksum(partial: string): Promise<string> {
    const { sizeBytes, checksum } = this.#file;
    const hash = startHash(checksum.kind, sizeBytes);
    const pieces = createReadStream(partial, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>;
    let done = 0;
    let touched = performance.now();
    for await (const piece of pieces) {
      throwIfAborted(this.#connection.signal);
      hash.update(piece);
      this.#report('checking', (done += piece.length));
      // A large file takes longer than others wait before they take an untouched one for abandoned.
      if (performance.now() - touched < TOUCH_INTERVAL_MS) continue;
      touched = performance.now();
      await touchPartial(partial);
    }
    return hash.digest('hex');
  }

  #report(state: DownloadProgress['state'], bytesDone: number): void {
    const { path: file, sizeBytes: bytesTotal } = this.#file;
    try {
      this.#onProgress({ file, state, bytesDone, bytesTotal });
    } catch (error) {
      throw new CallerError('onDownload', { cause: error });
    }
  }
}

function startHash(kind: Checksum['kind'], sizeBytes: number) {
  if (kind === 'sha256') return createHash('sha256');
  return createHash('sha1').update(`blob ${sizeBytes}\0`);
}

/** Writes a file to the disk: after a power failure, its name must not belong to an empty one. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
