import { createHash } from 'node:crypto';

type State = readonly [number, number, number, number];

/**
 * Pseudo-random numbers by xoshiro128** (Blackman and Vigna, 2018): integers only, so every machine and every version of
 * Node draws the same.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param state four numbers of 32 bits, not all 0 */
  constructor([a, b, c, d]: State) {
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  /** A stream of its own for every key: drawing from one never moves another. */
  static of(...key: readonly (string | number)[]): Random {
    const hash = createHash('sha256').update(JSON.stringify(key)).digest();
    return new Random([
      hash.readUInt32LE(0),
      hash.readUInt32LE(4),
      hash.readUInt32LE(8),
      hash.readUInt32LE(12),
    ]);
  }

  /** A whole number from 0 to 2^32 − 1. */
  uint32(): number {
    const drawn = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 11);
    return drawn;
  }

  /** A whole number from 0 to `count` − 1, each as likely; `count` is from 1 to 2^32. */
  below(count: number): number {
    // what is over the last whole multiple of `count` would make the small numbers likelier
    const end = 2 ** 32 - (2 ** 32 % count);
    let drawn = this.uint32();
    while (drawn >= end) drawn = this.uint32();
    return drawn % count;
  }

  /** `size` different numbers from 0 to `count` − 1 in random order. */
  sample(count: number, size: number): number[] {
    // Fisher and Yates's shuffle of 0 … count − 1, of which only what differs from its own index is kept
    const moved = new Map<number, number>();
    return Array.from({ length: size }, (_, index) => {
      const other = index + this.below(count - index);
      const drawn = moved.get(other) ?? other;
      moved.set(other, moved.get(index) ?? index);
      return drawn;
    });
  }
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
