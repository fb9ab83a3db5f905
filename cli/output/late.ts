import type { Embedding } from '../../lib/index.js';
import type { Output } from './output.js';

/**
 * An output that is opened before the model is loaded and begun when there is something to write: until then a run that
 * fails leaves the place as it was. After that, whatever happens, what was written becomes final.
 */
export class LateOutput {
  readonly #output: Output;
  #dimensions = 0;
  #state: 'opened' | 'begun' | 'closed' = 'opened';

  constructor(output: Output) {
    this.#output = output;
  }

  /** Says how long the vectors will be; before anything is written. */
  expect(dimensions: number): void {
    this.#dimensions = dimensions;
  }

  async write(id: string | number, result: Embedding): Promise<void> {
    await this.#begin();
    await this.#output.write(id, result);
  }

  async skip(): Promise<void> {
    await this.#begin();
    await this.#output.skip();
  }

  /** The run is over: an output without documents is an output too. */
  async finish(): Promise<void> {
    await this.#begin();
    await this.close();
  }

  /** Ends it, however the run went; a second call does nothing. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = 'closed';
    if (state === 'begun') await this.#output.finish();
    if (state === 'opened') await this.#output.abandon();
  }

  async #begin(): Promise<void> {
    if (this.#state !== 'opened') return;
    this.#state = 'begun';
    await this.#output.begin(this.#dimensions);
  }
}
