import { LongEmbedError } from '../error.js';

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
   * @param normalize scales it to length 1
   * @throws LongEmbedError ERR_BACKEND when it is zero or not finite: no similarity could be computed with it
   */
  vector(normalize: boolean): Float32Array {
    const mean = this.#sum.map((value) => value / this.#count);
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
