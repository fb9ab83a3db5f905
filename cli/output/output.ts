import type { Embedding } from '../../lib/index.js';

/** Where vectors go. The calls come one after the other: begin, then one call per document in input order, then finish. */
export interface Output {
  /** The model is loaded: the file's previous content may be discarded now. */
  begin(dimensions: number): Promise<void>;
  write(id: string | number, result: Embedding): Promise<void>;
  /** A document failed. */
  skip(): Promise<void>;
  /** Everything written so far becomes final. Also after an error or an interruption: nothing computed is lost. */
  finish(): Promise<void>;
  /** Nothing was begun: leaves the output unchanged. */
  abandon(): Promise<void>;
}

/**
 * An output that is opened before the model is loaded and begun when there is something to write: until then a run that
 * fails leaves the output unchanged. After that, whatever happens, what was written becomes final.
 */
export class LazyOutput {
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

  /** The run is over. An empty input also gives an output. */
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
