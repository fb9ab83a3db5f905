import type { Random } from '../../../lib/random.js';

/** Draws items at random, but none again before half of the others have been drawn. */
export class ShuffleBag<T> {
  /** The item drawn longest ago first. */
  readonly #items: T[];
  readonly #random: Random;

  /** @param items at least one */
  constructor(items: readonly T[], random: Random) {
    this.#items = [...items];
    this.#random = random;
  }

  draw(): T {
    const available = Math.ceil(this.#items.length / 2);
    const [drawn] = this.#items.splice(this.#random.below(available), 1) as [T];
    this.#items.push(drawn);
    return drawn;
  }
}
