/** What a search finds, from cosines that are computed as far as they matter. */
import { fuseRankings } from '../lexical/index.js';
import { Best, bestRow, meanOfBest } from './aggregate.js';
import { candidateChunks, candidateDocuments, type Candidates, type DocumentRows } from './candidates.js';
import type { RowScores } from './row-scores.js';
import type { ChunkIndexHit } from './types.js';

/** Documents of each ranking that are fused: those further down would add little. */
export const FUSED_DOCUMENTS = 1000;

/** A document as a search sees it. */
export interface SearchedDocument {
  readonly id: string;
  /** The row of its first vector. */
  readonly row: number;
  /** Number of its vectors. */
  readonly count: number;
  /** The start and end of each chunk in the text. */
  readonly spans: Uint32Array;
  readonly text: string | null;
}

/** Documents with the places of their rows, which a search goes through. */
export interface Searched<T extends SearchedDocument> extends DocumentRows {
  readonly documents: readonly T[];
}

export function searched<T extends SearchedDocument>(documents: readonly T[]): Searched<T> {
  const begins = new Uint32Array(documents.length);
  const ends = new Uint32Array(documents.length);
  for (const [i, { row, count }] of documents.entries()) {
    begins[i] = row;
    ends[i] = row + count;
  }
  return { documents, begins, ends };
}

/** The best `k` chunks. @throws LongEmbedError ERR_ABORTED, ERR_BACKEND */
export async function nearestChunks<T extends SearchedDocument>(
  all: Searched<T>,
  scores: RowScores,
  k: number,
): Promise<ChunkIndexHit[]> {
  const candidates = candidateChunks(all, await scores.bounds(), k);
  await scores.compute(candidates.rows);
  const { values } = scores;
  const best = new Best<{ document: T; row: number }>(k);
  for (const document of chosen(all, candidates)) {
    for (let row = document.row; row < document.row + document.count; row++) {
      const score = values[row] ?? 0;
      if (score > -Infinity) best.offer({ document, row }, score);
    }
  }
  return best.entries.map(({ value: { document, row }, score }) => hitOf(document, row, score, score));
}

/**
 * The best `k` documents.
 * @param best a document's score is the mean of this many of its best chunks
 * @param lexical documents ranked by words, which is fused with their ranking by vectors; null: none
 * @throws LongEmbedError ERR_ABORTED, ERR_BACKEND
 */
export async function nearestDocuments<T extends SearchedDocument>(
  all: Searched<T>,
  scores: RowScores,
  { k, best, lexical }: { readonly k: number; readonly best: number; readonly lexical: readonly T[] | null },
): Promise<ChunkIndexHit[]> {
  const wanted = lexical === null ? k : Math.max(k, FUSED_DOCUMENTS);
  const candidates = candidateDocuments(all, await scores.bounds(), { wanted, counted: best });
  await scores.compute(candidates.rows);
  const { values } = scores;
  const found = new Best<T>(wanted);
  for (const document of chosen(all, candidates)) {
    found.offer(document, meanOfBest(values, document.row, document.row + document.count, best));
  }
  if (lexical === null) return found.entries.map(({ value, score }) => bestHit(value, score, values));
  const fused = new Best<T>(k);
  for (const [document, score] of fuseRankings([found.entries.map(({ value }) => value), lexical])) {
    fused.offer(document, score);
  }
  await scores.compute(unscored(fused.entries, values));
  return fused.entries.map(({ value, score }) => bestHit(value, score, values));
}

function chosen<T extends SearchedDocument>({ documents }: Searched<T>, candidates: Candidates): T[] {
  return candidates.documents.flatMap((i) => documents[i] ?? []);
}

/** The rows of documents that were found by their words alone. */
function unscored(
  entries: readonly { readonly value: SearchedDocument }[],
  values: Float32Array,
): Uint32Array {
  const rows = entries
    .map(({ value: { row, count } }) => [row, row + count] as const)
    .filter(([row, end]) => values[bestRow(values, row, end)] === -Infinity);
  return Uint32Array.from(rows.flat());
}

function bestHit(document: SearchedDocument, score: number, values: Float32Array): ChunkIndexHit {
  const row = bestRow(values, document.row, document.row + document.count);
  return hitOf(document, row, score, values[row] ?? 0);
}

function hitOf(document: SearchedDocument, row: number, score: number, cosine: number): ChunkIndexHit {
  const { id, spans, text } = document;
  const chunk = row - document.row;
  const [start, end] = [spans[2 * chunk] ?? 0, spans[2 * chunk + 1] ?? 0];
  return { id, score, cosine, chunk, start, end, text: text?.slice(start, end) ?? null };
}
