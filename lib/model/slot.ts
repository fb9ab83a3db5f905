import type { WindowPooling } from '../extend/index.js';
import { toLongEmbedError } from '../native/index.js';
import type { Document } from './document.js';
import type { ChunkEmbedding, ManyChunksResult } from './chunks/types.js';
import type { PoolRange } from './parts.js';
import type { ManyResult, Origin, WindowEmbedding } from './types.js';
import { emptyCut, unusableVector, type VectorPlace } from './unusable-vector.js';

/** A result of any of the calls that embed. */
export type AnyResult = ManyResult | ManyChunksResult;

/** What a caller wants of a vector. */
export interface VectorForm {
  readonly normalize: boolean;
  readonly dimensions: number;
}

/** What is this much shorter than a whole vector may be nothing but the rounding of its floats. */
const ROUNDING = 2 ** -20;

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** What becomes of pooled vectors, of a document's windows or of parts of a chunk, in float64 (design §5: before normalisation). */
export class PooledVectors {
  readonly #values: Float64Array;
  readonly #pool: WindowPooling['pool'];
  #weight = 0;

  /** @param pool their mean, or the largest value in each dimension */
  constructor(dimensions: number, pool: WindowPooling['pool'] = 'mean') {
    this.#values = new Float64Array(dimensions);
    this.#pool = pool;
  }

  /** @param weight how much it counts beside the others in the mean */
  add(row: Float32Array, weight = 1): void {
    const first = this.#weight === 0;
    for (const [i, value] of row.entries()) {
      const before = this.#values[i] ?? 0;
      this.#values[i] =
        this.#pool === 'max' ? (first ? value : Math.max(before, value)) : before + weight * value;
    }
    this.#weight += weight;
  }

  /**
   * The document's vector.
   * @param form.dimensions keeps the first numbers only
   * @param form.normalize scales what is kept to length 1
   * @param place for the error
   * @throws UnusableVectorError when it is zero or not finite: no similarity could be computed with it
   */
  vector({ normalize, dimensions }: VectorForm, place: VectorPlace): Float32Array {
    const divisor = this.#pool === 'max' ? 1 : this.#weight;
    const pooled = this.#values.subarray(0, dimensions).map((value) => value / divisor);
    const norm = lengthOf(pooled);
    if (!Number.isFinite(norm)) throw unusableVector('not finite', place);
    const isCut = pooled.length < this.#values.length;
    const whole = isCut ? lengthOf(this.#values) / divisor : norm;
    if (norm <= ROUNDING * whole && whole > 0) throw emptyCut(pooled.length, this.#values.length, place);
    if (norm === 0) throw unusableVector('zero', place);
    return Float32Array.from(pooled, (value) => (normalize ? value / norm : value));
  }
}

/** A document's place in the results of `embedMany`, from the moment it is read until its result is taken. */
export class Slot {
  readonly origin: Origin;
  /** null until the document is done or has failed. */
  result: AnyResult | null = null;
  #document: Document | null = null;
  #mean: PooledVectors | null = null;
  /** Of the document's parts. */
  #partMeans: PooledVectors[] = [];
  #windowsLeft = 0;
  /** Whether windows count by their content tokens. */
  #byTokens = false;

  constructor(index: number) {
    this.origin = { index };
  }

  /** The tokenized document; null before that, and once the result is there: tokens are released while results wait. */
  get document(): Document | null {
    return this.#document;
  }

  prepared(document: Document, dimensions: number, windows: WindowPooling): void {
    this.#document = document;
    this.#byTokens = windows.weights === 'tokens';
    this.#mean = new PooledVectors(dimensions, windows.pool);
    this.#partMeans = document.parts.map(() => new PooledVectors(dimensions));
    this.#windowsLeft = document.plans.length;
  }

  /**
   * Takes the vectors of a window; the last window makes the result.
   * @param rows a row for each of `pools`, or one of the whole window
   */
  add(rows: Float32Array, window: number, pools: readonly PoolRange[] | null, form: VectorForm): void {
    if (this.#document === null || this.#mean === null) return;
    const plan = this.#byTokens ? this.#document.plans[window] : undefined;
    const weight = plan === undefined ? 1 : plan.to - plan.from;
    if (pools === null) {
      this.#mean.add(rows, weight);
      this.#partMeans[window]?.add(rows);
    } else {
      const dimensions = rows.length / pools.length;
      for (const [i, { part, from, to }] of pools.entries()) {
        const row = rows.subarray(i * dimensions, (i + 1) * dimensions);
        if (part === null) this.#mean.add(row, weight);
        else this.#partMeans[part]?.add(row, to - from);
      }
    }
    if (--this.#windowsLeft > 0) return;
    try {
      const { tokens, plans, truncated } = this.#document;
      const { index } = this.origin;
      const embedding = this.#mean.vector(form, { index, part: null });
      const whole = { embedding, tokens, windows: plans.length, truncated };
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
    const { index } = this.origin;
    const embedded = parts.map((part, i) => ({
      ...part,
      embedding: this.#partMeans[i]?.vector(form, { index, part: i }),
    }));
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
