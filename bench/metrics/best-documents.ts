import type { Scored } from './ranking.js';

/** Which half of a 64-bit number this machine stores first. */
const [FIRST_HALF] = new Uint32Array(new BigUint64Array([1n]).buffer);
const LOW = FIRST_HALF === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/**
 * Finds the documents with the best scores, query after query.
 *
 * A sort that calls a function for every comparison takes longer than the products themselves. So a score and its document's
 * number are put into one whole number, score first, and those are sorted by the engine's own comparison.
 */
export class BestDocuments {
  readonly #ids: readonly string[];
  readonly #keys: BigUint64Array;
  readonly #halves: Uint32Array;

  /** @param ids of the documents; of equal scores, the earlier one is better */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#keys = new BigUint64Array(ids.length);
    this.#halves = new Uint32Array(this.#keys.buffer);
  }

  /**
   * @param scores a number a document, none of them NaN
   * @returns at most `top` documents, the best first
   */
  of(scores: Float32Array, top: number): Scored[] {
    const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
    for (let document = 0; document < bits.length; document++) {
      this.#halves[2 * document + LOW] = document;
      this.#halves[2 * document + HIGH] = descending(bits[document] ?? 0);
    }
    this.#keys.sort();
    const best: Scored[] = [];
    for (let rank = 0; rank < Math.min(top, scores.length); rank++) {
      const document = this.#halves[2 * rank + LOW] ?? 0;
      best.push({ id: this.#ids[document] ?? '', score: scores[document] ?? 0 });
    }
    return best;
  }
}

/** Turns the bits of a 32-bit float into a whole number that is lower for higher floats, and the same for 0 and −0. */
function descending(bits: number): number {
  const isNegative = bits > 0x8000_0000;
  return isNegative ? bits : 0x7fff_ffff - (bits & 0x7fff_ffff);
}
