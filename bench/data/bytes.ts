import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { throwIfAborted } from '../../lib/abort.js';
import { badData, unreadable } from './errors.js';

/**
 * Reads a file in pieces; one that ends in .gz or .zst is decompressed on the way, never as a whole.
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be read or is cut off or damaged; ERR_ABORTED
 */
export async function* readBytes(file: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(file, { highWaterMark: 1 << 18, ...(signal !== undefined && { signal }) });
  try {
    if (file.endsWith('.gz')) yield* gunzip(stream);
    else if (file.endsWith('.zst')) yield* unzstd(stream);
    else yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    throwIfAborted(signal);
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw unreadable(file, error);
    const message = (error as Error).message;
    throw badData(`${file} cannot be decompressed (${message}): it is cut off or damaged.`, error);
  }
}

function gunzip(stream: Readable): AsyncIterable<Uint8Array> {
  // The iteration over the last stream rejects with the error of either.
  return pipeline(stream, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>;
}

/** Node 20 has no zstd of its own. */
async function* unzstd(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const decompress = new Decompress((piece) => {
    pieces.push(piece);
  });
  for await (const compressed of stream) {
    decompress.push(compressed);
    yield* pieces;
    pieces = [];
  }
  decompress.push(new Uint8Array(0), true);
  yield* pieces;
}
