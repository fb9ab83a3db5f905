import { toLongEmbedError } from '../native/index.js';
import type { Document } from './document.js';
import { PooledMean } from './pooled-mean.js';
import type { ManyResult, Origin } from './types.js';

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

  /** The document, tokenized; null before that, and when the result is there: results wait to be taken, tokens need not. */
  get document(): Document | null {
    return this.#document;
  }

  prepared(document: Document, dimensions: number): void {
    this.#document = document;
    this.#mean = new PooledMean(dimensions);
    this.#windowsLeft = document.plans.length;
  }

  /** Takes a window's pooled vector; the last one makes the result. */
  add(row: Float32Array, normalize: boolean): void {
    if (this.#document === null || this.#mean === null) return;
    this.#mean.add(row);
    if (--this.#windowsLeft > 0) return;
    try {
      const embedding = this.#mean.vector(normalize);
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
