/** BM25 as a model of the benchmark, and in fusion with others. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../../lib/abort.js';
import { BM25_B, BM25_K1, Bm25Index, fuseRankings } from '../../lib/lexical/index.js';
import { type Ranking, ranked } from '../metrics/ranking.js';
import { LEXICAL_ID, type ModelResult } from '../results/results.js';
import { STOPPED } from '../tasks/task.js';
import type { Text } from './embed-texts.js';

/** Documents found per query: the deepest cut of the metrics. */
const TOP = 1000;

/** Characters indexed, or queries answered, before other events get a turn. */
const CHARACTERS_PER_TURN = 2 ** 18;
const QUERIES_PER_TURN = 16;

/** Approximate, for dry runs. */
export const LEXICAL_CHARACTERS_PER_S = 5e6;

/** What decides its scores: the settings of MTEB's BM25 baseline. */
const SETTINGS = {
  method: 'lucene',
  k1: BM25_K1,
  b: BM25_B,
  stopWords: 'bm25s en',
  stemmer: 'snowball 3 english',
} as const;

/** The entry of results.json's models. */
export function lexicalModel(): ModelResult {
  return {
    id: LEXICAL_ID,
    name: 'BM25',
    file: '',
    sha256: createHash('sha256').update(JSON.stringify(SETTINGS)).digest('hex'),
    preset: null,
    architecture: LEXICAL_ID,
    quantization: '',
    parameters: 0,
    dimensions: 0,
    positionEncoding: 'none',
    nativeContext: 0,
    pooling: '',
    prompts: { query: '', document: '' },
    engine: 'longembed',
    unsupported: [],
  };
}

/**
 * Ranks documents by the words that they share with each query; documents that share none are not found. The index holds
 * counts of words, not the texts.
 * @returns query id → its documents, best first
 * @throws LongEmbedError ERR_ABORTED
 */
export async function searchWords(
  queries: readonly Text[],
  documents: readonly Text[],
  signal: AbortSignal,
): Promise<Map<string, Ranking>> {
  const index = new Bm25Index();
  let characters = 0;
  for (const { text } of documents) {
    index.add(text);
    characters += text.length;
    if (characters < CHARACTERS_PER_TURN) continue;
    characters = 0;
    await nextTurn();
    throwIfAborted(signal, STOPPED);
  }
  const found = new Map<string, Ranking>();
  for (const [i, { id, text }] of queries.entries()) {
    const hits = index
      .search(text)
      .map(({ document, score }) => ({ id: documents[document]?.id ?? '', score }));
    found.set(id, ranked(hits).slice(0, TOP));
    if (i % QUERIES_PER_TURN !== 0) continue;
    await nextTurn();
    throwIfAborted(signal, STOPPED);
  }
  return found;
}

/** Fuses two rankings of each query by reciprocal rank. @param first decides the order of the queries */
export function fuse(
  first: ReadonlyMap<string, Ranking>,
  second: ReadonlyMap<string, Ranking>,
): Map<string, Ranking> {
  return new Map(
    [...first].map(([query, ranking]) => {
      const ids = [ranking, second.get(query) ?? []].map((documents) =>
        ranked(documents).map(({ id }) => id),
      );
      return [query, [...fuseRankings(ids)].map(([id, score]) => ({ id, score }))];
    }),
  );
}
