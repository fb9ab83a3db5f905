/**
 * Which rows a search has to score, given bounds of all scores: those that can change what it finds. The k-th largest of the
 * lower bounds is a score that k results reach for certain; what has an upper bound below it is not among the best k.
 */
import { kthLargest, meanOfBest } from './aggregate.js';
import type { ProductBounds, RowRanges } from './vector-rows.js';

/** The rows of documents: those of the i-th are from `begins[i]` up to `ends[i]`. */
export interface DocumentRows {
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
}

/** What is left of all documents and rows. */
export interface Candidates {
  /** Numbers of documents, ascending. */
  readonly documents: readonly number[];
  readonly rows: RowRanges;
}

/** Those that can have one of the best `wanted` rows. */
export function candidateChunks(
  { begins, ends }: DocumentRows,
  { lower, upper }: ProductBounds,
  wanted: number,
): Candidates {
  let count = 0;
  const certain = new Float32Array(lower.length);
  for (let i = 0; i < begins.length; i++) {
    for (let row = begins[i] ?? 0, end = ends[i] ?? 0; row < end; row++) certain[count++] = lower[row] ?? 0;
  }
  const reached = kthLargest(certain.subarray(0, count), wanted);
  const found = new Collector();
  for (let i = 0; i < begins.length; i++) {
    for (let row = begins[i] ?? 0, end = ends[i] ?? 0; row < end; row++) {
      if ((upper[row] ?? 0) >= reached) found.add(i, row, row + 1);
    }
  }
  return found.candidates;
}

/**
 * Those that decide which are the best `wanted` documents, and their scores.
 * @param counted a document's score is the mean of this many of its best rows
 */
export function candidateDocuments(
  { begins, ends }: DocumentRows,
  { lower, upper }: ProductBounds,
  { wanted, counted }: { readonly wanted: number; readonly counted: number },
): Candidates {
  const certain = new Float64Array(begins.length);
  for (let i = 0; i < begins.length; i++) {
    certain[i] = meanOfBest(lower, begins[i] ?? 0, ends[i] ?? 0, counted);
  }
  const reached = kthLargest(certain, wanted);
  const found = new Collector();
  for (let i = 0; i < begins.length; i++) {
    const [begin, end] = [begins[i] ?? 0, ends[i] ?? 0];
    if (counted > 1) {
      const isLeft =
        meanOfBest(upper, begin, end, 1) >= reached && meanOfBest(upper, begin, end, counted) >= reached;
      if (isLeft) found.add(i, begin, end);
      continue;
    }
    // A row that the document's own best one exceeds for certain is not its best.
    const least = Math.max(reached, certain[i] ?? 0);
    for (let row = begin; row < end; row++) if ((upper[row] ?? 0) >= least) found.add(i, row, row + 1);
  }
  return found.candidates;
}

/** Collects documents and ranges of rows in ascending order. Neighbouring ranges become one. */
class Collector {
  readonly #documents: number[] = [];
  readonly #rows: number[] = [];
  #document = -1;
  #end = -1;

  add(document: number, begin: number, end: number): void {
    if (document !== this.#document) this.#documents.push(document);
    if (begin === this.#end) this.#rows[this.#rows.length - 1] = end;
    else this.#rows.push(begin, end);
    this.#document = document;
    this.#end = end;
  }

  get candidates(): Candidates {
    return { documents: this.#documents, rows: Uint32Array.from(this.#rows) };
  }
}
