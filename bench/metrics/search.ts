import { LongEmbedError } from '../../lib/index.js';
import { dotProducts, type NativeJob } from '../../lib/native/index.js';
import { BestDocuments } from './best-documents.js';
import type { Ranking } from './ranking.js';
import { unitRows } from './unit-rows.js';
import { compareUtf8 } from './utf8-order.js';

export interface SearchOptions {
  /** Documents a query, at most; a whole number from 1. Default 1000, the deepest cut of the metrics. */
  readonly top?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Numbers that are worked on between two turns of the event loop, so that memory stays small and the process answers. */
const NUMBERS_A_BLOCK = 2 ** 20;

/**
 * Finds the documents that are nearest to each query: by cosine, off the main thread.
 *
 * The cosine is right to 1e-6 and a 32-bit float. The vectors need not be normalised; a vector of zeros has cosine 0 with all.
 * Ties are broken as trec_eval does it: by document id, the last one by UTF-8 bytes first, also where `top` cuts. The result
 * depends on nothing but the vectors and ids: not on the number of threads, nor on what else is searched for.
 * @param queries a vector a query, of as many dimensions as a document's; none may change before the promise settles
 * @param ids of the queries and of the documents, in the order of their vectors, none twice
 * @returns query id → its documents, the best first; queries in the order given
 * @throws LongEmbedError ERR_INVALID_OPTION when ids and vectors do not match, an id is there twice, a vector has another
 *   number of dimensions or a number that is not finite; ERR_INPUT_EMPTY when there is no query or no document; ERR_ABORTED
 */
export async function search(
  queries: readonly Float32Array[],
  documents: readonly Float32Array[],
  ids: { readonly queries: readonly string[]; readonly documents: readonly string[] },
  options: SearchOptions = {},
): Promise<Map<string, Ranking>> {
  const { top = 1000, signal } = options;
  throwIfAborted(signal);
  if (!Number.isInteger(top) || top < 1) {
    throw invalid(`The option top is ${top}: it must be a whole number from 1.`);
  }
  const asked = withIds('query', 'queries', ids.queries, queries);
  // Of equal scores, BestDocuments takes the earlier one.
  const candidates = withIds('document', 'documents', ids.documents, documents).sort((a, b) =>
    compareUtf8(b.id, a.id),
  );
  const best = new BestDocuments(candidates.map(({ id }) => id));

  const dimensions = documents[0]?.length ?? 0;
  if (dimensions === 0) throw invalid('The vectors of the documents have no dimensions.');
  const matrix = await unitRows(candidates, dimensions);
  const found = new Map<string, Ranking>();
  const step = Math.ceil(NUMBERS_A_BLOCK / Math.max(dimensions, candidates.length));
  for (let begin = 0; begin < asked.length; begin += step) {
    throwIfAborted(signal);
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

/** Waits for native work, and stops it when the signal is aborted. */
async function finish<T>(job: NativeJob<T>, signal: AbortSignal | undefined): Promise<T> {
  const cancel = (): void => job.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** @throws LongEmbedError ERR_ABORTED, its cause the signal's reason */
function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new LongEmbedError('ERR_ABORTED', 'The search was aborted by its signal.', {
    cause: signal.reason as unknown,
  });
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
