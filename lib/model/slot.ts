import { LongEmbedError } from '../error.js';
import { toLongEmbedError } from '../native/index.js';
import type { Document } from './document.js';
import type { ChunkEmbedding, ManyChunksResult } from './chunks/types.js';
import type { PoolRange } from './parts.js';
import type { ManyResult, Origin, WindowEmbedding } from './types.js';

/** A result of any of the calls that embed. */
export type AnyResult = ManyResult | ManyChunksResult;

/** What a caller wants of a vector. */
export interface VectorForm {
  readonly normalize: boolean;
  readonly dimensions: number;
}

/** The mean of pooled vectors, of a document's windows or of parts of a chunk, in float64 (design §5: before normalisation). */
export class PooledMean {
  readonly #sum: Float64Array;
  #count = 0;

  constructor(dimensions: number) {
    this.#sum = new Float64Array(dimensions);
  }

  /** @param weight how much it counts beside the others */
  add(row: Float32Array, weight = 1): void {
    for (const [i, value] of row.entries()) this.#sum[i] = (this.#sum[i] ?? 0) + weight * value;
    this.#count += weight;
  }

  /**
   * The document's vector.
   * @param form.dimensions keeps the first numbers only
   * @param form.normalize scales what is kept to length 1
   * @throws LongEmbedError ERR_BACKEND when it is zero or not finite: no similarity could be computed with it
   */
  vector({ normalize, dimensions }: VectorForm): Float32Array {
    const mean = this.#sum.subarray(0, dimensions).map((value) => value / this.#count);
    const norm = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0));
    if (norm === 0 || !Number.isFinite(norm)) {
      throw new LongEmbedError(
        'ERR_BACKEND',
        `The model gave a vector that is ${norm === 0 ? 'zero' : 'not finite'}. The file may be damaged or its quantization too coarse; ` +
          'if other models work, try the option backend: "cpu".',
      );
    }
    return Float32Array.from(mean, (value) => (normalize ? value / norm : value));
  }
}

/** A document's place in the results of `embedMany`, from the moment it is read until its result is taken. */
export class Slot {
  readonly origin: Origin;
  /** null until the document is done or has failed. */
  result: AnyResult | null = null;
  #document: Document | null = null;
  #mean: PooledMean | null = null;
  /** Of the document's parts. */
  #partMeans: PooledMean[] = [];
  #windowsLeft = 0;

  constructor(index: number) {
    this.origin = { index };
  }

  /** The tokenized document; null before that, and once the result is there: tokens are released while results wait. */
  get document(): Document | null {
    return this.#document;
  }

  prepared(document: Document, dimensions: number): void {
    this.#document = document;
    this.#mean = new PooledMean(dimensions);
    this.#partMeans = document.parts.map(() => new PooledMean(dimensions));
    this.#windowsLeft = document.plans.length;
  }

  /**
   * Takes the vectors of a window; the last window makes the result.
   * @param rows a row for each of `pools`, or one of the whole window
   */
  add(rows: Float32Array, window: number, pools: readonly PoolRange[] | null, form: VectorForm): void {
    if (this.#document === null || this.#mean === null) return;
    if (pools === null) {
      this.#mean.add(rows);
      this.#partMeans[window]?.add(rows);
    } else {
      const dimensions = rows.length / pools.length;
      for (const [i, { part, from, to }] of pools.entries()) {
        const row = rows.subarray(i * dimensions, (i + 1) * dimensions);
        if (part === null) this.#mean.add(row);
        else this.#partMeans[part]?.add(row, to - from);
      }
    }
    if (--this.#windowsLeft > 0) return;
    try {
      const { tokens, plans, truncated } = this.#document;
      const whole = { embedding: this.#mean.vector(form), tokens, windows: plans.length, truncated };
      this.#end({ ...this.origin, ...whole, ...this.#parts(this.#document, form) });
    } catch (error) {
      this.fail(error);
    }
  }

  #parts(
    { parts, pools }: Document,
    form: VectorForm,
  ): { chunks: ChunkEmbedding[] } | { windowEmbeddings: WindowEmbedding[] } | object {
    if (parts.length === 0) return {};
    const embedded = parts.map((part, i) => ({ ...part, embedding: this.#partMeans[i]?.vector(form) }));
    return pools === null
      ? {
          windowEmbeddings: embedded.map(({ tokenStart, tokenEnd, embedding }) => ({
            tokenStart,
            tokenEnd,
            embedding,
          })),
        }
      : { chunks: embedded };
  }

  fail(error: unknown): void {
    this.#end({ ...this.origin, error: toLongEmbedError(error) });
  }

  #end(result: AnyResult): void {
    this.result ??= result;
    this.#document = null;
    this.#mean = null;
    this.#partMeans = [];
  }
}
