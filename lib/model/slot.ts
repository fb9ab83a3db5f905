import { LongEmbedError } from '../error.js';
import { toLongEmbedError } from '../native/index.js';
import type { Document } from './document.js';
import type { ManyResult, Origin } from './types.js';

/** What a caller wants of a vector. */
export interface VectorForm {
  readonly normalize: boolean;
  readonly dimensions: number;
}

/** The mean of a document's pooled windows, in float64 (design §5: before normalisation). */
export class PooledMean {
  readonly #sum: Float64Array;
  #count = 0;

  constructor(dimensions: number) {
    this.#sum = new Float64Array(dimensions);
  }

  add(row: Float32Array): void {
    for (const [i, value] of row.entries()) this.#sum[i] = (this.#sum[i] ?? 0) + value;
    this.#count++;
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
  result: ManyResult | null = null;
  #document: Document | null = null;
  #mean: PooledMean | null = null;
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
    this.#windowsLeft = document.plans.length;
  }

  /** Takes a window's pooled vector; the last one makes the result. */
  add(row: Float32Array, form: VectorForm): void {
    if (this.#document === null || this.#mean === null) return;
    this.#mean.add(row);
    if (--this.#windowsLeft > 0) return;
    try {
      const embedding = this.#mean.vector(form);
      const { tokens, plans, truncated } = this.#document;
      this.#end({ ...this.origin, embedding, tokens, windows: plans.length, truncated });
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.#end({ ...this.origin, error: toLongEmbedError(error) });
  }

  #end(result: ManyResult): void {
    this.result ??= result;
    this.#document = null;
    this.#mean = null;
  }
}
