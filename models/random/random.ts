/**
 * A seeded generator of 32-bit words and the numbers drawn from it: integer arithmetic only, so every machine draws
 * the same bits. test/oracle/prng.py is the same generator in Python; change both or neither.
 */

/** The next 32-bit word, 0 … 2³² − 1. */
export type Words = () => number;

/** The words that a generator steps over before it hands out its first, so that close seeds differ in all bits. */
const WARM_UP = 16;

/** What makes the sum of four words of 16 bits less 4 × 32767.5 have standard deviation 1. */
const UNIT = 1 / (2 * Math.sqrt((65536 * 65536 - 1) / 12));

/**
 * 32-bit FNV-1a of a text's UTF-8 bytes.
 *
 * @param text any text
 * @param start the hash to start from, so that several hashes of one text can be drawn
 */
function fnv1a(text: string, start: number): number {
  let hash = start >>> 0;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/**
 * A generator (sfc32) whose stream depends on the seed and on a label. Each tensor has its own label, so adding one
 * tensor leaves the others as they were.
 *
 * @param seed 0 … 2³² − 1
 * @param label what the stream is for
 */
export function words(seed: number, label: string): Words {
  let a = fnv1a(label, 0x811c9dc5);
  let b = fnv1a(label, 0x9e3779b9);
  let c = seed >>> 0;
  let counter = 1;
  const next = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  };
  for (let i = 0; i < WARM_UP; i += 1) next();
  return next;
}

/**
 * Fills `out` with numbers of mean 0 and the given standard deviation, bell-shaped enough for weights: the sum of four
 * uniform 16-bit integers (so never further out than 3.5 deviations).
 */
export function fillNormal(out: Float32Array, next: Words, deviation: number): void {
  const scale = UNIT * deviation;
  for (let i = 0; i < out.length; i += 1) {
    const first = next();
    const second = next();
    const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16) - 131070;
    out[i] = sum * scale;
  }
}

/** A whole number, low … high − 1; `high − low` at most 2²⁰. */
export function integer(next: Words, low: number, high: number): number {
  return low + Math.floor((next() * (high - low)) / 4294967296);
}
