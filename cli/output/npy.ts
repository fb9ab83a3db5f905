import { AtomicFile } from '../../lib/atomic-file.js';
import { NPY_HEADER_BYTES, nanRow, npyHeader, rowBytes } from '../../lib/vector-file/npy.js';
import type { DocumentId, DocumentVectors, VectorOutput } from '../../lib/vector-file/rows.js';
import { placeOf } from './jsonl.js';
import { outputError, type Sink } from './sinks.js';

/**
 * A NumPy matrix in a file. Rows are appended to a temporary file, and the count in its header is updated after each, so that it
 * is valid whenever the program stops; at the end it replaces the target.
 */
export class NpyFileOutput implements VectorOutput {
  readonly #file: AtomicFile;
  /** A line a row that says whose it is; null where rows are documents. */
  readonly #places: AtomicFile | null;
  #placesBytes = 0;
  #columns = 0;
  #rows = 0;

  private constructor(file: AtomicFile, places: AtomicFile | null) {
    this.#file = file;
    this.#places = places;
  }

  /**
   * @param options.mode the permissions of the file that is replaced
   * @param options.replaces whether files are replaced that another run writes meanwhile
   * @param options.places where to write whose vectors the rows are; null: nowhere
   */
  static async create(
    path: string,
    {
      mode = 0o666,
      replaces = true,
      places = null,
    }: {
      readonly mode?: number | undefined;
      readonly replaces?: boolean;
      readonly places?: string | null;
    } = {},
  ): Promise<NpyFileOutput> {
    const options = { mode, replaces, fail: outputError };
    const file = await AtomicFile.create(path, options);
    if (places === null) return new NpyFileOutput(file, null);
    try {
      return new NpyFileOutput(file, await AtomicFile.create(places, options));
    } catch (error) {
      await file.abandon();
      throw error;
    }
  }

  async begin(dimensions: number): Promise<void> {
    // A second signal ends the program at once: the rows written so far are kept.
    this.#file.keepOnExit();
    this.#places?.keepOnExit();
    this.#columns = dimensions;
    await this.#file.writeAt(0, npyHeader(0, dimensions));
  }

  async write(id: DocumentId, { rows }: DocumentVectors): Promise<void> {
    for (const row of rows) {
      const place = placeOf(row);
      await this.#place(`{"id":${JSON.stringify(id)}${place === '' ? '' : `,${place}`}}`);
      await this.#row(row.embedding);
    }
  }

  async skip(): Promise<void> {
    await this.#place('{"id":null}');
    await this.#row(nanRow(this.#columns));
  }

  async finish(): Promise<void> {
    await this.#places?.commit();
    await this.#file.commit();
  }

  async abandon(): Promise<void> {
    await this.#places?.abandon();
    await this.#file.abandon();
  }

  async #place(line: string): Promise<void> {
    if (this.#places === null) return;
    const bytes = Buffer.from(`${line}\n`);
    await this.#places.writeAt(this.#placesBytes, bytes);
    this.#placesBytes += bytes.length;
  }

  async #row(row: Float32Array): Promise<void> {
    await this.#file.writeAt(NPY_HEADER_BYTES + this.#rows * row.byteLength, rowBytes(row));
    this.#rows += 1;
    await this.#file.writeAt(0, npyHeader(this.#rows, this.#columns));
  }
}

/**
 * A NumPy matrix for an output that cannot seek, such as a pipe. Its header has the number of rows, so they are kept in
 * memory until that is known.
 */
export class NpyStreamOutput implements VectorOutput {
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

  write(_id: DocumentId, { rows }: DocumentVectors): Promise<void> {
    for (const { embedding } of rows) this.#rows.push(embedding);
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
