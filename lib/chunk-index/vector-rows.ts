import { LongEmbedError } from '../error.js';
import { boundProducts, quantizeRows, rowProducts, settled } from '../native/index.js';

/** Size of a block of rows. Memory that a block has not used yet is not touched, and so not taken from the system. */
const BLOCK_BYTES = 32 * 2 ** 20;

/** Numbers that `quantizeRows` notes for each row. */
const FACTS_PER_ROW = 3;

/** Rows `begin` up to `end`: pairs of numbers, one pair after the other. */
export type RowRanges = Uint32Array;

/** For each row, numbers that its product with a query is not below and not above. */
export interface ProductBounds {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

interface Block {
  readonly floats: Float32Array;
  /** The same rows in 8 bits a number, which a search reads first: four times as fast where memory limits it. */
  readonly codes: Int8Array;
  readonly facts: Float32Array;
}

/**
 * A matrix that grows: rows of floats in blocks outside of JavaScript's heap, which the native side reads where they are, and a
 * rounded copy of them. Rows never change once they are written.
 */
export class VectorRows {
  readonly dimensions: number;
  readonly #rowsPerBlock: number;
  readonly #blocks: Block[] = [];
  #count = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    const bytesPerRow = 4 * dimensions + dimensions + 4 * FACTS_PER_ROW;
    this.#rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / bytesPerRow));
  }

  /** Number of rows. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds rows. @param rows whole rows, one after the other
   * @throws LongEmbedError ERR_OUT_OF_MEMORY; nothing has been added then
   */
  append(rows: Float32Array): void {
    const after = this.#count + rows.length / this.dimensions;
    while (this.#blocks.length * this.#rowsPerBlock < after) this.#blocks.push(this.#newBlock());
    for (let done = 0; done < rows.length;) {
      const { block, row } = this.#place(this.#count);
      const piece = rows.subarray(done, done + (this.#rowsPerBlock - row) * this.dimensions);
      const count = piece.length / this.dimensions;
      const begin = row * this.dimensions;
      block.floats.set(piece, begin);
      quantizeRows(
        piece,
        this.dimensions,
        block.codes.subarray(begin, begin + piece.length),
        block.facts.subarray(row * FACTS_PER_ROW, (row + count) * FACTS_PER_ROW),
      );
      done += piece.length;
      this.#count += count;
    }
  }

  /** Views of the rows from `begin` up to `end`, in order. */
  *views(begin: number, end: number): Generator<Float32Array, undefined, undefined> {
    for (let next = begin; next < end;) {
      const { block, row } = this.#place(next);
      const rows = Math.min(end - next, this.#rowsPerBlock - row);
      yield block.floats.subarray(row * this.dimensions, (row + rows) * this.dimensions);
      next += rows;
    }
  }

  /**
   * Bounds of the dot product of the first `count` rows with a vector, off the main thread.
   * @param threads 0: as many as there are physical cores
   * @throws LongEmbedError ERR_ABORTED, ERR_BACKEND
   */
  async bounds(
    vector: Float32Array,
    count: number,
    threads: number,
    signal: AbortSignal | undefined,
  ): Promise<ProductBounds> {
    const codes = this.#blocks.map((block) => block.codes);
    const facts = this.#blocks.map((block) => block.facts);
    const both = await settled(boundProducts(vector, codes, facts, count, threads), signal);
    return { lower: both.subarray(0, count), upper: both.subarray(count) };
  }

  /**
   * The dot products of some rows with a vector, off the main thread, in the ranges' order.
   * @throws LongEmbedError ERR_ABORTED, ERR_BACKEND
   */
  async products(
    vector: Float32Array,
    ranges: RowRanges,
    threads: number,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const blocks = this.#blocks.map(({ floats }) => floats);
    return settled(rowProducts(vector, blocks, ranges, threads), signal);
  }

  #place(row: number): { block: Block; row: number } {
    const block = this.#blocks[Math.floor(row / this.#rowsPerBlock)];
    if (block === undefined) throw new Error(`there is no row ${row}`);
    return { block, row: row % this.#rowsPerBlock };
  }

  #newBlock(): Block {
    const rows = this.#rowsPerBlock;
    try {
      return {
        floats: new Float32Array(rows * this.dimensions),
        codes: new Int8Array(rows * this.dimensions),
        facts: new Float32Array(rows * FACTS_PER_ROW),
      };
    } catch (error) {
      throw new LongEmbedError(
        'ERR_OUT_OF_MEMORY',
        'There is not enough memory for more vectors in the index.',
        { cause: error },
      );
    }
  }
}
