import { LongEmbedError } from '../error.js';
import { dotProducts, settled } from '../native/index.js';

/** Size of a block of rows. Memory that a block has not used yet is not touched, and so not taken from the system. */
const BLOCK_BYTES = 32 * 2 ** 20;

/**
 * A matrix that grows: rows of floats in blocks outside of JavaScript's heap, which the native side reads where they are.
 * Rows never change once they are written.
 */
export class VectorRows {
  readonly dimensions: number;
  readonly #rowsPerBlock: number;
  readonly #blocks: Float32Array[] = [];
  #count = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / (4 * dimensions)));
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
      const { block, offset } = this.#place(this.#count);
      const piece = rows.subarray(done, done + block.length - offset);
      block.set(piece, offset);
      done += piece.length;
      this.#count += piece.length / this.dimensions;
    }
  }

  /** Views of the rows from `begin` up to `end`, in order. */
  *views(begin: number, end: number): Generator<Float32Array, undefined, undefined> {
    for (let row = begin; row < end;) {
      const { block, offset } = this.#place(row);
      const rows = Math.min(end - row, (block.length - offset) / this.dimensions);
      yield block.subarray(offset, offset + rows * this.dimensions);
      row += rows;
    }
  }

  /**
   * The dot product of every row there is now with a vector, off the main thread.
   * @throws LongEmbedError ERR_ABORTED, ERR_BACKEND
   */
  async dot(vector: Float32Array, threads: number, signal: AbortSignal | undefined): Promise<Float32Array> {
    const products = new Float32Array(this.#count);
    let row = 0;
    for (const view of this.views(0, this.#count)) {
      const found = await settled(dotProducts(vector, view, this.dimensions, threads), signal);
      products.set(found, row);
      row += found.length;
    }
    return products;
  }

  #place(row: number): { block: Float32Array; offset: number } {
    const block = this.#blocks[Math.floor(row / this.#rowsPerBlock)];
    if (block === undefined) throw new Error(`there is no row ${row}`);
    return { block, offset: (row % this.#rowsPerBlock) * this.dimensions };
  }

  #newBlock(): Float32Array {
    try {
      return new Float32Array(this.#rowsPerBlock * this.dimensions);
    } catch (error) {
      throw new LongEmbedError(
        'ERR_OUT_OF_MEMORY',
        'There is not enough memory for more vectors in the index.',
        { cause: error },
      );
    }
  }
}
