import { createHash } from 'node:crypto';

/** Tokens of the first block; others are twice as large as those before. */
const FIRST_TOKENS = 1 << 16;

/** Texts as token ids, each text once: 4 bytes a token, about as much as the text itself. */
export class TokenStore {
  readonly #known = new Map<string, number>();
  #tokens = new Int32Array(FIRST_TOKENS);
  #used = 0;
  readonly #ends: number[] = [];

  /** Texts that are different. */
  get size(): number {
    return this.#ends.length;
  }

  /** The number of a text that was added before. */
  find(text: string): number | undefined {
    return this.#known.get(keyOf(text));
  }

  /** @param tokens of the text, special tokens included. @returns its number, which equal texts share */
  add(text: string, tokens: Int32Array): number {
    const number = this.#ends.length;
    this.#known.set(keyOf(text), number);
    this.#reserve(this.#used + tokens.length);
    this.#tokens.set(tokens, this.#used);
    this.#used += tokens.length;
    this.#ends.push(this.#used);
    return number;
  }

  tokensOf(number: number): Int32Array {
    return this.#tokens.subarray(number === 0 ? 0 : this.#ends[number - 1], this.#ends[number]);
  }

  #reserve(count: number): void {
    if (count <= this.#tokens.length) return;
    const grown = new Int32Array(Math.max(count, 2 * this.#tokens.length));
    grown.set(this.#tokens);
    this.#tokens = grown;
  }
}

/** Instead of the text itself, which would be held as long as the run. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
