import { endianness } from 'node:os';
import { AtomicFile } from '../../lib/atomic-file.js';
import { placeOf } from './jsonl.js';
import { type Output, type Result, rowsOf } from './output.js';
import { outputError, type Sink } from './sinks.js';

/** Long enough for any count, and always the same, so that a count can be written over another. */
export const NPY_HEADER_BYTES = 128;

/** The header of a NumPy file (format 1.0) of rows × columns float32, in C order. */
export function npyHeader(rows: number, columns: number): Uint8Array {
  const order = endianness() === 'LE' ? '<' : '>';
  const facts = `{'descr': '${order}f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, NPY_HEADER_BYTES - 10, 0]);
  return Buffer.concat([prefix, Buffer.from(`${facts.padEnd(NPY_HEADER_BYTES - 11)}\n`, 'latin1')]);
}

/** The row of a document that failed: rows must not shift against the input. */
export function nanRow(columns: number): Float32Array {
  return new Float32Array(columns).fill(Number.NaN);
}

/** A row as bytes, without a copy. */
export function rowBytes(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}

/**
 * A NumPy matrix in a file. Rows are appended to a temporary file, and the count in its header is updated after each, so that it
 * is valid whenever the program stops; at the end it replaces the target.
 */
export class NpyFileOutput implements Output {
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
   * @param options.places where to write whose vectors the rows are; null: nowhere
   */
  static async create(
    path: string,
    {
      mode = 0o666,
      places = null,
    }: { readonly mode?: number | undefined; readonly places?: string | null } = {},
  ): Promise<NpyFileOutput> {
    const file = await AtomicFile.create(path, { mode, fail: outputError });
    if (places === null) return new NpyFileOutput(file, null);
    try {
      return new NpyFileOutput(file, await AtomicFile.create(places, { mode, fail: outputError }));
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

  async write(id: string | number, result: Result): Promise<void> {
    for (const row of rowsOf(result)) {
      await this.#place(`{"id":${JSON.stringify(id)},${placeOf(row)}}`);
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

  write(_id: string | number, result: Result): Promise<void> {
    for (const { embedding } of rowsOf(result)) this.#rows.push(embedding);
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
