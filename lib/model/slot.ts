import { LongEmbedError } from '../error.js';
import type { WindowPooling } from '../extend/index.js';
import { toLongEmbedError } from '../native/index.js';
import type { Document } from './document.js';
import type { ManyResult, Origin } from './types.js';

/** What a caller wants of a vector. */
export interface VectorForm {
  readonly normalize: boolean;
  readonly dimensions: number;
}

/** What becomes of a document's pooled windows (design §5: before normalisation), in float64: their mean, or the largest values. */
export class PooledWindows {
  readonly #values: Float64Array;
  readonly #pool: WindowPooling['pool'];
  #weight = 0;

  constructor(dimensions: number, pool: WindowPooling['pool']) {
    this.#values = new Float64Array(dimensions);
    this.#pool = pool;
  }

  /** @param weight in the mean */
  add(row: Float32Array, weight: number): void {
    const first = this.#weight === 0;
    for (const [i, value] of row.entries()) {
      const before = this.#values[i] ?? 0;
      this.#values[i] =
        this.#pool === 'max' ? (first ? value : Math.max(before, value)) : before + value * weight;
    }
    this.#weight += weight;
  }

  /**
   * The document's vector.
   * @param form.dimensions keeps the first numbers only
   * @param form.normalize scales what is kept to length 1
   * @throws LongEmbedError ERR_BACKEND when it is zero or not finite: no similarity could be computed with it
   */
  vector({ normalize, dimensions }: VectorForm): Float32Array {
    const divisor = this.#pool === 'max' ? 1 : this.#weight;
    const pooled = this.#values.subarray(0, dimensions).map((value) => value / divisor);
    const norm = Math.sqrt(pooled.reduce((sum, value) => sum + value * value, 0));
    if (norm === 0 || !Number.isFinite(norm)) {
      throw new LongEmbedError(
        'ERR_BACKEND',
        `The model gave a vector that is ${norm === 0 ? 'zero' : 'not finite'}. The file may be damaged or its quantization too coarse; ` +
          'if other models work, try the option backend: "cpu".',
      );
    }
    return Float32Array.from(pooled, (value) => (normalize ? value / norm : value));
  }
}

/** A document's place in the results of `embedMany`, from the moment it is read until its result is taken. */
export class Slot {
  readonly origin: Origin;
  /** null until the document is done or has failed. */
  result: ManyResult | null = null;
  #document: Document | null = null;
  #windows: PooledWindows | null = null;
  #windowsLeft = 0;

  constructor(index: number) {
    this.origin = { index };
  }

  /** The tokenized document; null before that, and once the result is there: tokens are released while results wait. */
  get document(): Document | null {
    return this.#document;
  }

  prepared(document: Document, dimensions: number, pool: WindowPooling['pool']): void {
    this.#document = document;
    this.#windows = new PooledWindows(dimensions, pool);
    this.#windowsLeft = document.plans.length;
  }

  /**
   * Takes a window's pooled vector; the last one makes the result.
   * @param weight in the mean of the windows
   */
  add(row: Float32Array, form: VectorForm, weight: number): void {
    if (this.#document === null || this.#windows === null) return;
    this.#windows.add(row, weight);
    if (--this.#windowsLeft > 0) return;
    try {
      const embedding = this.#windows.vector(form);
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
    this.#windows = null;
  }
}
