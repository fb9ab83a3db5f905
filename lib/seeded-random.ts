import { createHash } from 'node:crypto';

/**
 * Random numbers that follow from a seed on every machine: the generator sfc32, seeded by a hash of `parts`, so that numbers for
 * one purpose do not depend on how many were drawn for another. A run that goes on needs no state but its step.
 */
export class SeededRandom {
  readonly #state: Int32Array;

  constructor(...parts: readonly (number | string)[]) {
    const hash = createHash('sha256').update(parts.join('/')).digest();
    this.#state = Int32Array.from({ length: 4 }, (_, i) => hash.readInt32LE(4 * i));
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor((this.#next() / 2 ** 32) * count);
  }

  /** The numbers 0 to `count` − 1 in random order. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      const kept = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = kept;
    }
    return order;
  }

  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = s;
    const result = (((a + b) | 0) + counter) | 0;
    s[3] = counter + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = (c + (c << 3)) | 0;
    s[2] = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}
