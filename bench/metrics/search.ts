import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../../lib/abort.js';
import { meanOfBest } from '../../lib/chunk-index/aggregate.js';
import { writeUnitVector } from '../../lib/chunk-index/unit-vector.js';
import { LongEmbedError } from '../../lib/index.js';
import { dotProducts, settled } from '../../lib/native/index.js';
import { compareUtf8, type Ranking, type Scored } from './ranking.js';

export interface SearchOptions {
  /** Maximum number of documents per query, an integer from 1. Default 1000, the deepest cut of the metrics. */
  readonly top?: number | undefined;
  /** A document's score is the mean of this many of its best vectors' cosines. Default 1: MaxSim. */
  readonly best?: number | undefined;
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
 * @param documents one vector or several per document
 * @param ids unique ids of the queries and of the documents, in the order of their vectors
 * @returns query id → its documents, best first; queries in the given order
 * @throws LongEmbedError ERR_INVALID_OPTION when ids and vectors do not match, an id is duplicated, a vector has a different
 *   number of dimensions or non-finite values; ERR_INPUT_EMPTY when there is no query or no document; ERR_ABORTED
 */
export async function search(
  queries: readonly Float32Array[],
  documents: readonly (Float32Array | readonly Float32Array[])[],
  ids: { readonly queries: readonly string[]; readonly documents: readonly string[] },
  options: SearchOptions = {},
): Promise<Map<string, Ranking>> {
  const { top = 1000, best: counted = 1, signal } = options;
  throwIfAborted(signal, ABORTED);
  if (!Number.isInteger(top) || top < 1) {
    throw invalid(`The option top is ${top}: it must be a whole number from 1.`);
  }
  const asked = withIds('query', 'queries', ids.queries, queries).map(rowOf);
  // BestDocuments prefers the earlier of equal scores.
  const candidates = withIds('document', 'documents', ids.documents, documents).sort((a, b) =>
    compareUtf8(b.id, a.id),
  );
  const best = new BestDocuments(candidates.map(({ id }) => id));

  const rowsOfDocuments = candidates.flatMap(rowsOf);
  const [first] = documents;
  const dimensions = (first instanceof Float32Array ? first : first?.[0])?.length ?? 0;
  if (dimensions === 0) throw invalid('The vectors of the documents have no dimensions.');
  const matrix = await unitRows(rowsOfDocuments, dimensions);
  const ends = endsOf(candidates);
  const found = new Map<string, Ranking>();
  const step = Math.ceil(NUMBERS_PER_BLOCK / Math.max(dimensions, rowsOfDocuments.length));
  for (let begin = 0; begin < asked.length; begin += step) {
    throwIfAborted(signal, ABORTED);
    const block = asked.slice(begin, begin + step);
    const rows = await unitRows(block, dimensions);
    const cosines = await settled(dotProducts(rows, matrix, dimensions), signal, ABORTED);
    for (const [row, { id }] of block.entries()) {
      const first = row * rowsOfDocuments.length;
      const scores = scoresOf(cosines.subarray(first, first + rowsOfDocuments.length), ends, counted);
      found.set(id, best.of(scores, top));
    }
  }
  return found;
}

/** One vector, or several. */
type Vectors = Float32Array | readonly Float32Array[];

/** A query or a document. */
interface Candidate {
  readonly id: string;
  /** In messages. */
  readonly name: string;
  readonly vectors: Vectors;
}

function withIds(
  kind: string,
  plural: string,
  ids: readonly string[],
  vectors: readonly Vectors[],
): Candidate[] {
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
    return { id, name: `${kind} "${id}"`, vectors: vector };
  });
}

function rowOf({ id, name, vectors }: Candidate): NamedVector & { id: string } {
  if (!(vectors instanceof Float32Array)) throw invalid(`The ${name} has several vectors.`);
  return { id, name, vector: vectors };
}

function rowsOf({ name, vectors }: Candidate): NamedVector[] {
  const list = vectors instanceof Float32Array ? [vectors] : vectors;
  if (list.length === 0) throw invalid(`The ${name} has no vectors.`);
  return list.map((vector) => ({ name, vector }));
}

/** The row after the last of each candidate. */
function endsOf(candidates: readonly Candidate[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(candidates, ({ vectors }) => {
    end += vectors instanceof Float32Array ? 1 : vectors.length;
    return end;
  });
}

/** A score per document from the cosines of its vectors. */
function scoresOf(cosines: Float32Array, ends: Uint32Array, counted: number): Float32Array {
  if (ends.length === cosines.length) return cosines;
  return Float32Array.from(ends, (end, i) => meanOfBest(cosines, ends[i - 1] ?? 0, end, counted));
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
 * Scales vectors to length 1 and concatenates them.
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
    writeUnitVector(vector, name, rows, start);
  }
  return rows;
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
