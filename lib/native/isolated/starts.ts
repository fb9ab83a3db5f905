/** Failed starts in a row after which calls fail at once. */
export const MAX_FAILED_STARTS = 7;
/** After the last failed start, until failures are forgotten: what was wrong with the machine then may be over. */
const FORGET_MS = 60_000;
/** Time between the first failed start and the next; it doubles with each. */
const FIRST_BACK_OFF_MS = 100;

/**
 * Decides when to give up. A process that dies at work costs the one call that it was computing, so every death is progress. A
 * process that cannot be started, or dies while it loads the model, may do so forever: the waits between starts grow, and
 * the calls fail in the end. A machine that had no memory for it may have some later, and nobody loads a server's models anew, so that
 * calls a while later are tried again.
 */
export class Starts {
  #failed = 0;
  /** In the time of performance.now(). */
  #notBefore = 0;

  get exhausted(): boolean {
    return this.#failed >= MAX_FAILED_STARTS;
  }

  /** Whether the failures are so long ago that they count no more. */
  get areForgotten(): boolean {
    return performance.now() - this.#notBefore >= FORGET_MS;
  }

  /** Milliseconds until the next start. */
  get delay(): number {
    return Math.max(0, this.#notBefore - performance.now());
  }

  failed(): void {
    this.#notBefore = performance.now() + FIRST_BACK_OFF_MS * 2 ** this.#failed++;
  }

  worked(): void {
    this.#failed = 0;
    this.#notBefore = 0;
  }
}
