import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileDownloadInfo, HubApiError, type PathInfo, pathsInfo } from '@huggingface/hub';
import { throwIfAborted } from '../../../lib/abort.js';
import { sum } from '../../numbers.js';
import { badData } from '../errors.js';
import {
  type CacheFolder,
  exists,
  isBeingDownloaded,
  leavePartial,
  linkBlob,
  REPOSITORY,
  takePartial,
  touchPartial,
} from './cache.js';
import { downloadFailure, hubFetch, MAX_ATTEMPTS, pause } from './fetch.js';
import type { HubSettings } from './settings.js';

/** Common arguments of @huggingface/hub's functions. */
interface Hub {
  readonly repo: { readonly type: 'dataset'; readonly name: string };
  readonly revision: string;
  readonly hubUrl: string;
  readonly fetch: typeof globalThis.fetch;
}

/** Interval between checks whether another process has finished. */
const POLL_INTERVAL_MS = 250;

/**
 * Downloads files of the data set into the cache.
 * @throws LongEmbedError ERR_INVALID_OPTION that says why a download failed; ERR_ABORTED
 */
export async function downloadFiles(
  paths: readonly string[],
  folder: CacheFolder,
  settings: HubSettings,
  onMessage: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const connection = hubFetch(settings, signal);
  const hub: Hub = {
    repo: { type: 'dataset', name: REPOSITORY.name },
    revision: REPOSITORY.commit,
    hubUrl: settings.endpoint,
    fetch: connection.fetch,
  };
  try {
    const files = await describe(hub, paths);
    const total = sum(files.map(({ size }) => size));
    onMessage(`Downloading ${paths.join(', ')} (${sizeText(total)}) from ${settings.endpoint}.`);
    for (const file of files) {
      const blob = join(folder.blobs, file.checksum.value);
      if (await isBeingDownloaded(blob)) {
        onMessage(`Another process is downloading ${file.path}: waiting for it.`);
        await waitForOther(blob, signal);
      }
      if (!(await exists(blob))) {
        const progress = new DownloadProgress(file, onMessage);
        await download(file, blob, {
          fetch: connection.fetch,
          firstPauseMs: settings.firstPauseMs,
          signal,
          onProgress: (bytes) => progress.at(bytes),
        });
      }
      await linkBlob(blob, join(folder.snapshot, file.path));
    }
  } catch (error) {
    throw downloadFailure(error, settings);
  } finally {
    await connection.close();
  }
}

/** Waits until the blob exists or its download has stopped. */
async function waitForOther(blob: string, signal: AbortSignal | undefined): Promise<void> {
  while (!(await exists(blob)) && (await isBeingDownloaded(blob))) {
    throwIfAborted(signal);
    await setTimeout(POLL_INTERVAL_MS);
  }
}

/** Asks the hub for sizes, checksums and URLs. */
async function describe(hub: Hub, paths: readonly string[]): Promise<RemoteFile[]> {
  const infos = await pathsInfo({ ...hub, paths: [...paths] });
  const files: RemoteFile[] = [];
  for (const path of paths) {
    const info = infos.find((one) => one.path === path && one.type === 'file');
    const address = await fileDownloadInfo({ ...hub, path });
    if (info === undefined || address === null) throw new HubApiError(`${hub.hubUrl}, file ${path}`, 404);
    files.push({ path, url: address.url, size: info.size, checksum: checksumOf(info) });
  }
  return files;
}

/** Checked, because it becomes a file name. */
function checksumOf({ path, oid, lfs }: PathInfo): Checksum {
  const checksum: Checksum =
    lfs === undefined ? { kind: 'git-sha1', value: oid ?? '' } : { kind: 'sha256', value: lfs.oid };
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(checksum.value)) return checksum;
  throw badData(`The hub has no checksum for ${path}, so a download could not be verified.`);
}

/** A file on the hub. */
interface RemoteFile {
  /** Path within the data set. */
  readonly path: string;
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  readonly checksum: Checksum;
}

interface DownloadHooks {
  readonly fetch: typeof globalThis.fetch;
  /** Pause before continuing after the first interruption. */
  readonly firstPauseMs: number;
  readonly signal: AbortSignal | undefined;
  /** @param bytes downloaded so far */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Downloads a file to `blob`. An interrupted download is resumed, also by the next run. The blob appears once its checksum
 * has been verified.
 * @throws HubApiError when the server refuses; LongEmbedError ERR_INVALID_OPTION when the content is damaged
 */
async function download(file: RemoteFile, blob: string, hooks: DownloadHooks): Promise<void> {
  const partial = await takePartial(blob);
  try {
    await fill(partial, file, hooks);
  } catch (error) {
    // The reason of the failed download matters more than a failure to keep its part.
    await leavePartial(partial, blob).catch(() => undefined);
    throw error;
  }
  const found = await fileChecksum(partial, file.size, file.checksum.kind);
  if (found !== file.checksum.value) {
    await rm(partial);
    throw badData(
      `${file.path} arrived damaged: its checksum is ${found} and should be ${file.checksum.value}. ` +
        'It was removed; try again, and if it happens again, check for a proxy that changes downloads.',
    );
  }
  await rename(partial, blob);
}

/** Requests the missing bytes until all have arrived. */
async function fill(partial: string, file: RemoteFile, hooks: DownloadHooks): Promise<void> {
  const { firstPauseMs, signal } = hooks;
  for (let attempt = 1; ;) {
    const before = await sizeOf(partial);
    if (before === file.size) return;
    await touchPartial(partial);
    const cut = await fetchRest(partial, before < file.size ? before : 0, file, hooks);
    const after = await sizeOf(partial);
    if (after === file.size) return;
    // Any progress, however slow, starts the count of attempts again.
    attempt = after > before ? 1 : attempt + 1;
    if (attempt > MAX_ATTEMPTS)
      throw cut ?? new Error(`${file.path} ends after ${after} of ${file.size} bytes`);
    await pause(attempt, firstPauseMs, null, signal);
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/**
 * Requests the bytes from `start` on.
 * @returns the error that interrupted the connection; null when the server ended it
 */
async function fetchRest(
  partial: string,
  start: number,
  file: RemoteFile,
  hooks: DownloadHooks,
): Promise<Error | null> {
  const response = await hooks.fetch(file.url, {
    headers: { 'accept-encoding': 'identity', ...(start > 0 && { range: `bytes=${start}-` }) },
  });
  if (!response.ok || response.body === null) throw new HubApiError(response.url, response.status);
  const handle = await open(partial, 'r+');
  try {
    // A server without range support sends the whole file with status 200.
    const from = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0);
    await handle.truncate(from);
    return await append(handle, from, response.body, file, hooks);
  } finally {
    await handle.close();
  }
}

async function append(
  handle: FileHandle,
  from: number,
  body: ReadableStream<Uint8Array>,
  file: RemoteFile,
  { signal, onProgress }: DownloadHooks,
): Promise<Error | null> {
  const reader = body.getReader();
  for (let position = from; ;) {
    const piece = await reader
      .read()
      .catch((cause: unknown) => new Error('the connection was cut', { cause }));
    throwIfAborted(signal);
    if (piece instanceof Error) return piece;
    if (piece.done) return null;
    // Bytes beyond the end are wrong; the checksum detects all other damage.
    const wanted = piece.value.subarray(0, file.size - position);
    await writeAll(handle, wanted, position);
    position += wanted.length;
    onProgress(position);
    if (wanted.length < piece.value.length) {
      await reader.cancel();
      return null;
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** git's checksum of a file: SHA-256 of a large one (LFS), SHA-1 of a small one with git's header before it. */
interface Checksum {
  readonly kind: 'sha256' | 'git-sha1';
  /** In lower-case hex. */
  readonly value: string;
}

/** Checksum of a file of `size` bytes, in lower-case hex. */
async function fileChecksum(path: string, size: number, kind: Checksum['kind']): Promise<string> {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
  if (kind === 'git-sha1') hash.update(`blob ${size}\0`);
  const pieces = createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>;
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** Minimum time between messages about a download. */
const MESSAGE_INTERVAL_MS = 5000;

/** Reports the progress of a download every few seconds. */
class DownloadProgress {
  readonly #file: RemoteFile;
  readonly #onMessage: (message: string) => void;
  #reported = performance.now();

  constructor(file: RemoteFile, onMessage: (message: string) => void) {
    this.#file = file;
    this.#onMessage = onMessage;
  }

  /** @param bytes downloaded so far */
  at(bytes: number): void {
    if (performance.now() - this.#reported < MESSAGE_INTERVAL_MS) return;
    this.#reported = performance.now();
    const { path, size } = this.#file;
    const percent = Math.floor((100 * bytes) / size);
    this.#onMessage(`${path}: ${sizeText(bytes)} of ${sizeText(size)}, ${percent} %.`);
  }
}

/** "119.5 MB", "54 kB" */
function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
