import type { Embedding } from '../../lib/index.js';
import { nanRow, npyHeader, rowBytes } from './npy.js';
import type { Output, Sink } from './output.js';

/**
 * A NumPy matrix into something that cannot seek, a pipe say. Its header names the number of rows, so they wait in
 * memory until that is known.
 */
export class NpyStreamOutput implements Output {
  readonly #sink: Sink;
  readonly #rows: Float32Array[] = [];
  #columns = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  begin(dimensions: number): Promise<void> {
    this.#columns = dimensions;
    return this.#sink.begin();
  }

  write(_id: string | number, { embedding }: Embedding): Promise<void> {
    this.#rows.push(embedding);
    return Promise.resolve();
  }

  skip(): Promise<void> {
    this.#rows.push(nanRow(this.#columns));
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    await this.#sink.write(npyHeader(this.#rows.length, this.#columns));
    for (const row of this.#rows) await this.#sink.write(rowBytes(row));
    await this.#sink.close();
  }

  abandon(): Promise<void> {
    return this.#sink.abandon();
  }
}
