import type { ProductBounds, RowRanges, VectorRows } from './vector-rows.js';

/** A query's cosines with rows, computed for those that are asked for. */
export class RowScores {
  /** By row; −∞ where it has not been computed. */
  readonly values: Float32Array;
  readonly #rows: VectorRows;
  readonly #query: Float32Array;
  readonly #threads: number;
  readonly #signal: AbortSignal | undefined;

  /**
   * @param query of length 1, like the rows
   * @param threads 0: as many as there are physical cores
   */
  constructor(rows: VectorRows, query: Float32Array, threads: number, signal: AbortSignal | undefined) {
    this.#rows = rows;
    this.#query = query;
    this.#threads = threads;
    this.#signal = signal;
    this.values = new Float32Array(rows.count).fill(-Infinity);
  }

  /** Bounds of every row's cosine. @throws LongEmbedError ERR_ABORTED, ERR_BACKEND */
  bounds(): Promise<ProductBounds> {
    return this.#rows.bounds(this.#query, this.values.length, this.#threads, this.#signal);
  }

  /** Computes the rows of some ranges. @throws LongEmbedError ERR_ABORTED, ERR_BACKEND */
  async compute(ranges: RowRanges): Promise<void> {
    if (ranges.length === 0) return;
    const found = await this.#rows.products(this.#query, ranges, this.#threads, this.#signal);
    for (let i = 0, done = 0; i < ranges.length; i += 2) {
      const [begin = 0, end = 0] = [ranges[i], ranges[i + 1]];
      this.values.set(found.subarray(done, done + end - begin), begin);
      done += end - begin;
    }
  }
}
