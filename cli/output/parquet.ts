import { ParquetVectors, type ParquetMetadata, parquetWriterLibrary } from '../../lib/vector-file/parquet.js';
import type {
  DocumentFailure,
  DocumentId,
  DocumentVectors,
  VectorOutput,
} from '../../lib/vector-file/rows.js';
import type { Sink } from './sinks.js';

/** What the file says of its vectors; it is known when the model is loaded. */
export type DescribeVectors = () => Promise<ParquetMetadata>;

type Library = Awaited<ReturnType<typeof parquetWriterLibrary>>;

/** A parquet file, written a row group at a time. One that is cut off cannot be read, so it goes where it can be finished: see `AtomicSink`. */
export class ParquetOutput implements VectorOutput {
  readonly #sink: Sink;
  readonly #describe: DescribeVectors;
  readonly #library: Library;
  #vectors: ParquetVectors | null = null;

  private constructor(sink: Sink, describe: DescribeVectors, library: Library) {
    this.#sink = sink;
    this.#describe = describe;
    this.#library = library;
  }

  /**
   * @param openSink is called when the library is there, so that nothing is opened in vain
   * @throws LongEmbedError ERR_INVALID_OPTION with the command that installs what is missing
   */
  static async open(openSink: () => Promise<Sink>, describe: DescribeVectors): Promise<ParquetOutput> {
    const library = await parquetWriterLibrary();
    return new ParquetOutput(await openSink(), describe, library);
  }

  async begin(): Promise<void> {
    const metadata = await this.#describe();
    await this.#sink.begin();
    this.#vectors = new ParquetVectors(this.#library, (bytes) => this.#sink.write(bytes), metadata);
  }

  async write(id: DocumentId, vectors: DocumentVectors): Promise<void> {
    await this.#vectors?.add(id, vectors);
  }

  async skip(id: DocumentId, failure: DocumentFailure): Promise<void> {
    await this.#vectors?.addFailure(id, failure);
  }

  async finish(): Promise<void> {
    await this.#vectors?.finish();
    await this.#sink.close();
  }

  abandon(): Promise<void> {
    return this.#sink.abandon();
  }
}
