import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../../lib/abort.js';
import { LongEmbedError } from '../../lib/index.js';
import { dotProducts, type NativeJob } from '../../lib/native/index.js';
import { compareUtf8, type Ranking, type Scored } from './ranking.js';

export interface SearchOptions {
  /** Maximum number of documents per query, an integer from 1. Default 1000, the deepest cut of the metrics. */
  readonly top?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ABORTED = 'The search was aborted by its signal.';

/** Numbers processed between two turns of the event loop, to bound memory and keep the process responsive. */
const NUMBERS_PER_BLOCK = 2 ** 20;

/**
 * Finds the nearest documents of each query by cosine, off the main thread.
 *
 * Cosines are 32-bit floats with an error of at most 1e-6. Vectors need not be normalised; a zero vector has cosine 0 with
 * all others. Ties are broken as in trec_eval, by descending UTF-8 bytes of the document id, also at the cut. The result
 * depends only on vectors and ids, not on the number of threads or on the other queries.
 * @param queries one vector per query, with as many dimensions as the documents'; must not change before the promise settles
 * @param ids unique ids of the queries and of the documents, in the order of their vectors
 * @returns query id → its documents, best first; queries in the given order
 * @throws LongEmbedError ERR_INVALID_OPTION when ids and vectors do not match, an id is duplicated, a vector has a different
 *   number of dimensions or non-finite values; ERR_INPUT_EMPTY when there is no query or no document; ERR_ABORTED
 */
export async function search(
  queries: readonly Float32Array[],
  documents: readonly Float32Array[],
  ids: { readonly queries: readonly string[]; readonly documents: readonly string[] },
  options: SearchOptions = {},
): Promise<Map<string, Ranking>> {
  const { top = 1000, signal } = options;
  throwIfAborted(signal, ABORTED);
  if (!Number.isInteger(top) || top < 1) {
    throw invalid(`The option top is ${top}: it must be a whole number from 1.`);
  }
  const asked = withIds('query', 'queries', ids.queries, queries);
  // BestDocuments prefers the earlier of equal scores.
  const candidates = withIds('document', 'documents', ids.documents, documents).sort((a, b) =>
    compareUtf8(b.id, a.id),
  );
  const best = new BestDocuments(candidates.map(({ id }) => id));

  const dimensions = documents[0]?.length ?? 0;
  if (dimensions === 0) throw invalid('The vectors of the documents have no dimensions.');
  const matrix = await unitRows(candidates, dimensions);
  const found = new Map<string, Ranking>();
  const step = Math.ceil(NUMBERS_PER_BLOCK / Math.max(dimensions, candidates.length));
  for (let begin = 0; begin < asked.length; begin += step) {
    throwIfAborted(signal, ABORTED);
    const block = asked.slice(begin, begin + step);
    const rows = await unitRows(block, dimensions);
    const scores = await finish(dotProducts(rows, matrix, dimensions), signal);
    for (const [row, { id }] of block.entries()) {
      const first = row * candidates.length;
      found.set(id, best.of(scores.subarray(first, first + candidates.length), top));
    }
  }
  return found;
}

function withIds(
  kind: string,
  plural: string,
  ids: readonly string[],
  vectors: readonly Float32Array[],
): { id: string; name: string; vector: Float32Array }[] {
  if (ids.length !== vectors.length) {
    throw invalid(`There are ${vectors.length} vectors of ${plural}, but ${ids.length} ids.`);
  }
  if (vectors.length === 0) {
    throw new LongEmbedError('ERR_INPUT_EMPTY', `There are no ${plural}: a search needs some.`);
  }
  const seen = new Set<string>();
  return vectors.map((vector, index) => {
    const id = ids[index] ?? '';
    if (seen.has(id)) throw invalid(`The id "${id}" belongs to two ${plural}: ids must be unique.`);
    seen.add(id);
    return { id, name: `${kind} "${id}"`, vector };
  });
}

/** Waits for native work; cancels it when the signal is aborted. */
async function finish<T>(job: NativeJob<T>, signal: AbortSignal | undefined): Promise<T> {
  const cancel = (): void => job.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } catch (error) {
    throwIfAborted(signal, ABORTED);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}

/** A vector and its name in messages. */
interface NamedVector {
  readonly name: string;
  readonly vector: Float32Array;
}

/** Numbers scaled before other events get a turn: a few milliseconds of work. */
const NUMBERS_PER_TURN = 2 ** 20;

/**
 * Scales vectors to length 1 and concatenates them. Lengths are computed in float64; a zero vector stays zero.
 * @throws LongEmbedError ERR_INVALID_OPTION when a vector has a different number of dimensions or non-finite values
 */
async function unitRows(vectors: readonly NamedVector[], dimensions: number): Promise<Float32Array> {
  const rows = new Float32Array(vectors.length * dimensions);
  let turn = NUMBERS_PER_TURN;
  for (const [index, { name, vector }] of vectors.entries()) {
    if (vector.length !== dimensions) {
      throw invalid(`The vector of ${name} has ${vector.length} dimensions, but others have ${dimensions}.`);
    }
    const start = index * dimensions;
    if (start > turn) {
      await nextTurn();
      turn += NUMBERS_PER_TURN;
    }
    const length = norm(vector);
    if (!Number.isFinite(length)) {
      throw invalid(
        `The vector of ${name} has numbers that are not finite (NaN or infinity): it has no cosine.`,
      );
    }
    if (length === 0) continue;
    for (let i = 0; i < dimensions; i++) rows[start + i] = (vector[i] ?? 0) / length;
  }
  return rows;
}

function norm(vector: Float32Array): number {
  let squares = 0;
  // not "for … of", which is five times slower on a typed array
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] ?? 0;
    squares += value * value;
  }
  return Math.sqrt(squares);
}

/** Which half of a 64-bit integer this machine stores first. */
const [FIRST_HALF] = new Uint32Array(new BigUint64Array([1n]).buffer);
const LOW = FIRST_HALF === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/**
 * Finds the documents with the best scores, one query at a time.
 *
 * A sort with a comparison function takes longer than the dot products. Score and document index are therefore packed into
 * one 64-bit integer, score first, and sorted with the engine's own comparison.
 */
export class BestDocuments {
  readonly #ids: readonly string[];
  readonly #keys: BigUint64Array;
  readonly #halves: Uint32Array;

  /** @param ids ids of the documents; the earlier of equal scores is better */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#keys = new BigUint64Array(ids.length);
    this.#halves = new Uint32Array(this.#keys.buffer);
  }

  /**
   * @param scores one number per document, not NaN
   * @returns at most `top` documents, best first
   */
  of(scores: Float32Array, top: number): Scored[] {
    const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
    for (let document = 0; document < bits.length; document++) {
      this.#halves[2 * document + LOW] = document;
      this.#halves[2 * document + HIGH] = descending(bits[document] ?? 0);
    }
    this.#keys.sort();
    const best: Scored[] = [];
    for (let rank = 0; rank < Math.min(top, scores.length); rank++) {
      const document = this.#halves[2 * rank + LOW] ?? 0;
      best.push({ id: this.#ids[document] ?? '', score: scores[document] ?? 0 });
    }
    return best;
  }
}

/** Maps the bits of a 32-bit float to an integer that decreases with the float and is equal for 0 and −0. */
function descending(bits: number): number {
  const isNegative = bits > 0x8000_0000;
  return isNegative ? bits : 0x7fff_ffff - (bits & 0x7fff_ffff);
}
