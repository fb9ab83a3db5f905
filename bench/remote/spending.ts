import { LongEmbedError } from '../../lib/error.js';
import { count, plural } from '../../lib/format.js';
import type { RemoteOptions } from './options.js';

/** Tokens of a run that a server was paid for, over all of its models, and the limit on their price. */
export class Spending {
  readonly #price: number | null;
  readonly #maxCost: number | null;
  #tokens = 0;
  #requests = 0;

  constructor({ pricePerMillion, maxCost }: Pick<RemoteOptions, 'pricePerMillion' | 'maxCost'>) {
    this.#price = pricePerMillion;
    this.#maxCost = maxCost;
  }

  /** Price of tokens; null: the user gave none. */
  priceOf(tokens: number): number | null {
    return this.#price === null ? null : (tokens * this.#price) / 1e6;
  }

  /** Tokens that may still be paid for. */
  get tokensLeft(): number {
    if (this.#maxCost === null || this.#price === null || this.#price === 0) return Infinity;
    // A product of floats may fall short of a whole number by its last bit.
    return Math.floor((this.#maxCost * 1e6) / this.#price + 1e-6) - this.#tokens;
  }

  /** Counts a request whose tokens are, or may have been, charged. */
  add(tokens: number): void {
    this.#tokens += tokens;
    this.#requests += 1;
  }

  /** @param tokens the most that the next text may have */
  limitReached(tokens: number): LongEmbedError {
    return new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The limit on the cost, ${this.#maxCost ?? 0}, is reached: ${this.summary() ?? 'nothing was sent'}, and the next text has up to ` +
        `${count(tokens)} tokens. What was paid for is kept in the cache: the same command continues from there, ` +
        'with the limit counted anew; --max-cost raises it.',
    );
  }

  /** What was spent, a clause; null: nothing was sent. */
  summary(): string | null {
    if (this.#requests === 0) return null;
    const price = this.priceOf(this.#tokens);
    const cost = price === null ? '' : `, at a price of ${formatPrice(price)}`;
    return `${plural(this.#tokens, 'token')} in ${plural(this.#requests, 'request')}${cost}`;
  }
}

/** Four places after the point, more for what would be 0. */
export function formatPrice(price: number): string {
  return price === 0 || price >= 0.00005 ? price.toFixed(4) : price.toPrecision(2);
}
