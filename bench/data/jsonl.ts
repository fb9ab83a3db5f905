import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LongEmbedError } from '../../lib/index.js';
import { throwIfAborted } from '../../lib/abort.js';
import { splitLines, decodeUtf8 } from '../../lib/text.js';
import { badData, unreadable } from './errors.js';
import { optional } from './optional.js';
import type { Row } from './table.js';

/**
 * Reads a .jsonl, .jsonl.gz or .jsonl.zst file, one row per line; blank lines are skipped.
 * @throws LongEmbedError ERR_INVALID_OPTION, with the line number, when a line is not UTF-8 or not a JSON object; ERR_ABORTED
 */
export async function* readJsonl(file: string, signal: AbortSignal | undefined): AsyncGenerator<Row> {
  let number = 0;
  for await (const bytes of splitLines(readBytes(file, signal))) {
    number += 1;
    const at = `line ${number}`;
    const values = parseLine(bytes, `${file}, ${at}`);
    if (values !== null) yield { values, file, at };
  }
}

function parseLine(bytes: Uint8Array, place: string): Record<string, unknown> | null {
  const line = decodeLine(bytes, place);
  if (line.trim() === '') return null;
  const value = parseJson(line, place);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badData(`${place}: the line is not a JSON object such as {"doc_id": "…", "text": "…"}.`);
}

function decodeLine(bytes: Uint8Array, place: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof LongEmbedError) throw badData(`${place}: ${error.message}`, error);
    throw error;
  }
}

function parseJson(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw badData(`${place}: the line is not JSON (${(error as Error).message}).`, error);
  }
}

/**
 * Reads a file in pieces. Files that end in .gz or .zst are decompressed as a stream.
 * @throws LongEmbedError ERR_INVALID_OPTION when the file cannot be read, is cut off or damaged; ERR_ABORTED
 */
async function* readBytes(file: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(file, { highWaterMark: 1 << 18, ...(signal !== undefined && { signal }) });
  try {
    if (file.endsWith('.gz')) yield* gunzip(stream);
    else if (file.endsWith('.zst')) yield* unzstd(stream);
    else yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof LongEmbedError) throw error;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw unreadable(file, error);
    const message = (error as Error).message;
    throw badData(`${file} cannot be decompressed (${message}): it is cut off or damaged.`, error);
  }
}

function gunzip(stream: Readable): AsyncIterable<Uint8Array> {
  // Iterating over the last stream rejects with the error of any of them.
  return pipeline(stream, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>;
}

/** Node 20 has no zstd built in. Loaded on demand: most files are not compressed with it. */
async function* unzstd(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const { Decompress } = await optional('a .zst file', () => import('fzstd'));
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
