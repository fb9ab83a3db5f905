import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { HubApiError } from '@huggingface/hub';
import { throwIfAborted } from '../../../lib/abort.js';
import { badData } from '../errors.js';
import { type Checksum, fileChecksum } from './checksum.js';
import { leavePartial, takePartial, touchPartial } from './partial.js';
import { ATTEMPTS, pause } from './retry.js';

/** A file of the hub. */
export interface RemoteFile {
  /** Within the data set, for messages. */
  readonly path: string;
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  readonly checksum: Checksum;
}

export interface DownloadHooks {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds before going on after the first cut. */
  readonly firstPause: number;
  readonly signal: AbortSignal | undefined;
  /** @param bytes that are there, of `size` */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Downloads a file to `blob`. When the connection is cut it goes on where it was; so does the next run, if this one does
 * not get to the end. The blob is there when its checksum is right, and not before.
 * @throws HubApiError when the server refuses; LongEmbedError ERR_INVALID_OPTION when the content is not what it should be
 */
export async function download(file: RemoteFile, blob: string, hooks: DownloadHooks): Promise<void> {
  const partial = await takePartial(blob);
  try {
    await fill(partial, file, hooks);
  } catch (error) {
    // Why the download failed matters more than why its rest could not be kept.
    await leavePartial(partial, blob).catch(() => undefined);
    throw error;
  }
  const found = await fileChecksum(partial, file.size, file.checksum.kind);
  if (found !== file.checksum.value) {
    await rm(partial);
    throw badData(
      `${file.path} arrived damaged: its checksum is ${found} and should be ${file.checksum.value}. ` +
        'It was removed; try again, and if it happens again see what lies between here and the hub, a proxy for one.',
    );
  }
  await rename(partial, blob);
}

/** Fetches what is missing, in as many requests as it takes. */
async function fill(partial: string, file: RemoteFile, hooks: DownloadHooks): Promise<void> {
  const { firstPause, signal } = hooks;
  for (let attempt = 1; ;) {
    const before = await sizeOf(partial);
    if (before === file.size) return;
    await touchPartial(partial);
    const cut = await fetchRest(partial, before < file.size ? before : 0, file, hooks);
    const after = await sizeOf(partial);
    if (after === file.size) return;
    // Whoever gets ahead, however slowly, may go on.
    attempt = after > before ? 1 : attempt + 1;
    if (attempt > ATTEMPTS) throw cut ?? new Error(`${file.path} ends after ${after} of ${file.size} bytes`);
    await pause(attempt, firstPause, null, signal);
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/**
 * One request for the bytes from `start` on.
 * @returns what cut the connection; null when the server ended it
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
    // A server that does not know ranges sends all of it again, with status 200.
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
    // What is beyond its end cannot be right; the checksum finds the rest of what may be wrong.
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
