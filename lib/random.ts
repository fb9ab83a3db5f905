/** Pseudo-random numbers that are the same on every machine and in every version of Node. */
import { createHash } from 'node:crypto';

type State = readonly [number, number, number, number];

/** The generator xoshiro128** (Blackman and Vigna, 2018), which uses 32-bit integers only. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param state four 32-bit integers, not all 0 */
  constructor([a, b, c, d]: State) {
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  /** A separate stream for every key: drawing from one does not advance another. */
  static of(...key: readonly (string | number)[]): Random {
    const hash = createHash('sha256').update(JSON.stringify(key)).digest();
    return new Random([
      hash.readUInt32LE(0),
      hash.readUInt32LE(4),
      hash.readUInt32LE(8),
      hash.readUInt32LE(12),
    ]);
  }

  /** A stream whose state splitmix32 fills from a seed. @param seed a 32-bit integer */
  static seeded(seed: number): Random {
    let counter = seed | 0;
    const fill = (): number => {
      counter = (counter + 0x9e3779b9) | 0;
      let mixed = counter ^ (counter >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    return new Random([fill(), fill(), fill(), fill()]);
  }

  /** An integer from 0 to 2^32 − 1. */
  uint32(): number {
    const drawn = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return drawn;
  }

  /** An integer from 0 to `count` − 1, all equally likely; `count` is from 1 to 2^32. */
  below(count: number): number {
    // Numbers beyond the last whole multiple of `count` would make the small results more likely: draw again.
    const end = 2 ** 32 - (2 ** 32 % count);
    let drawn = this.uint32();
    while (drawn >= end) drawn = this.uint32();
    return drawn % count;
  }

  /** `size` different integers from 0 to `count` − 1 in random order. */
  sample(count: number, size: number): number[] {
    // Fisher–Yates shuffle of 0 … count − 1 that stores only the entries that differ from their index.
    const moved = new Map<number, number>();
    return Array.from({ length: size }, (_, index) => {
      const other = index + this.below(count - index);
      const drawn = moved.get(other) ?? other;
      moved.set(other, moved.get(index) ?? index);
      return drawn;
    });
  }

  /** 0 to `count` − 1 in random order. */
  permutation(count: number): Int32Array {
    return Int32Array.from(this.sample(count, count));
  }
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
