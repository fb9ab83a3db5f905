/** Deaths in a row, without a batch computed in between, after which the process is not started again. */
export const MOST_DEATHS = 3;

/**
 * When to give up: a process that dies over and over will do so next time, and each start loads the model again. Only
 * batches count as success, since it is they that need the memory and the kernels; only deaths at work count, since an
 * idle process that dies costs no more than a start at the next call.
 */
export class RestartLimit {
  #deaths = 0;

  get reached(): boolean {
    return this.#deaths >= MOST_DEATHS;
  }

  died(): void {
    this.#deaths++;
  }

  computed(): void {
    this.#deaths = 0;
  }
}
