import type { EmbedProgress } from './types.js';

interface Batch {
  readonly tokens: number;
  fraction: number;
}

/** Adds up what `onProgress` reports; see `EmbedProgress`. */
export class Progress {
  readonly #report: ((progress: EmbedProgress) => void) | undefined;
  readonly #running = new Map<object, Batch>();
  #done = 0;
  #total = 0;
  #last: EmbedProgress = { tokensDone: 0, tokensTotal: 0 };

  constructor(report: ((progress: EmbedProgress) => void) | undefined) {
    this.#report = report;
  }

  /** Tokens that are to be computed; below zero: that will not be, after all. */
  plan(tokens: number): void {
    this.#total += tokens;
  }

  start(batch: object, tokens: number): void {
    this.#running.set(batch, { tokens, fraction: 0 });
  }

  advance(batch: object, fraction: number): void {
    const running = this.#running.get(batch);
    // The native side's reports come through the event loop and may be late.
    if (running === undefined) return;
    running.fraction = fraction;
    this.#tell();
  }

  /** @param tokens how many of the batch's are computed for good: none when it failed */
  finish(batch: object, tokens: number): void {
    this.#running.delete(batch);
    this.#done += tokens;
    if (tokens > 0) this.#tell();
  }

  #tell(): void {
    let done = this.#done;
    for (const { tokens, fraction } of this.#running.values()) done += tokens * fraction;
    const now = { tokensDone: Math.min(Math.floor(done), this.#total), tokensTotal: this.#total };
    const { tokensDone, tokensTotal } = this.#last;
    if (now.tokensDone === tokensDone && now.tokensTotal === tokensTotal) return;
    this.#last = now;
    this.#report?.({ ...now });
  }
}
