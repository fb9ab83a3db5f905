import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { LongEmbedError, readFailure } from '../error.js';
import { untilAborted } from '../abort.js';
import { decodeUtf8, splitLines } from '../text.js';

/** A query, a text that belongs to it, and texts that do not. */
export interface Pair {
  readonly query: string;
  readonly positive: string;
  readonly negatives: readonly string[];
}

/** A pair and the line it is on, from 1. */
export interface PairLine extends Pair {
  readonly line: number;
}

/**
 * The pairs of a JSON Lines file. Blank lines are passed over.
 * @param hash is fed with the file's bytes
 * @throws LongEmbedError ERR_INVALID_OPTION for a file that cannot be read and for lines that are no pairs, ERR_INPUT_EMPTY for
 *   empty texts, ERR_TOKENIZER for what is not UTF-8: each names the line
 */
export async function* readPairs(
  path: string,
  hash: Hash = createHash('sha256'),
  signal?: AbortSignal,
): AsyncGenerator<PairLine> {
  let line = 0;
  for await (const bytes of splitLines(bytesOf(path, hash, signal))) {
    line += 1;
    const text = decoded(bytes, path, line);
    if (text.trim() === '') continue;
    yield { ...parsePair(text, path, line), line };
  }
}

async function* bytesOf(
  path: string,
  hash: Hash,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path);
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      // A pipe may stay silent.
      const piece = await (signal === undefined ? pieces.next() : untilAborted(pieces.next(), signal));
      if (piece.done === true) return;
      hash.update(piece.value);
      yield piece.value;
    }
  } catch (error) {
    if (error instanceof LongEmbedError) throw error;
    throw new LongEmbedError('ERR_INVALID_OPTION', `Cannot read the pairs ${path}: ${readFailure(error)}.`, {
      cause: error,
    });
  } finally {
    stream.destroy();
  }
}

function decoded(bytes: Uint8Array, path: string, line: number): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new LongEmbedError('ERR_TOKENIZER', `${path}, line ${line}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function parsePair(text: string, path: string, line: number): Pair {
  const wrong = (what: string): LongEmbedError =>
    new LongEmbedError(
      'ERR_INVALID_OPTION',
      `${path}, line ${line}: ${what}. A line is {"query": "…", "positive": "…", "negatives": ["…"]}, the last one optional.`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('this is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('this is not an object');
  const { query, positive, negatives = [] } = value as Record<string, unknown>;
  if (typeof query !== 'string') throw wrong('"query" is not a text');
  if (typeof positive !== 'string') throw wrong('"positive" is not a text');
  if (!Array.isArray(negatives) || negatives.some((negative) => typeof negative !== 'string')) {
    throw wrong('"negatives" is not an array of texts');
  }
  const blank = Object.entries({ query, positive }).find(([, side]) => side.trim() === '')?.[0];
  if (blank !== undefined || (negatives as string[]).some((negative) => negative.trim() === '')) {
    throw new LongEmbedError(
      'ERR_INPUT_EMPTY',
      `${path}, line ${line}: "${blank ?? 'negatives'}" ${blank === undefined ? 'has an empty text' : 'is empty'}. ` +
        'Leave out pairs that lack a side, and empty negatives.',
    );
  }
  return { query, positive, negatives: negatives as string[] };
}
