import type { Random } from './random.js';

/** Draws things at random, but none again before half of the others have had their turn. */
export class Deck<T> {
  /** The longest unused first. */
  readonly #things: T[];
  readonly #random: Random;

  /** @param things at least one */
  constructor(things: readonly T[], random: Random) {
    this.#things = [...things];
    this.#random = random;
  }

  draw(): T {
    const rested = Math.ceil(this.#things.length / 2);
    const [drawn] = this.#things.splice(this.#random.below(rested), 1) as [T];
    this.#things.push(drawn);
    return drawn;
  }
}
