/** Characters that are kept. */
const LIMIT = 8192;

/** The last of what the process that computes wrote to its standard error: where it died, that mostly says why. */
export class OutputTail {
  #text = '';

  get text(): string {
    return this.#text.trim();
  }

  add(piece: string): void {
    this.#text = (this.#text + piece).slice(-LIMIT);
  }
}
