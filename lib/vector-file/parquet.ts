import type * as HyparquetWriter from 'hyparquet-writer';
import type { KeyValue, RowGroup, SchemaElement } from 'hyparquet';
import { optionalPackages } from '../optional-packages.js';
import type { DocumentFailure, DocumentId, DocumentVectors } from './rows.js';

/** What a parquet file says of itself beside its rows: key and value. */
export type ParquetMetadata = Readonly<Record<string, string>>;

type Library = typeof HyparquetWriter;

/** @throws LongEmbedError ERR_INVALID_OPTION with the command that installs the package */
export function parquetWriterLibrary(): Promise<Library> {
  return optionalPackages('Writing a parquet file', ['hyparquet-writer'], () => import('hyparquet-writer'));
}

/** The columns that take one value, null where a document has none. */
const PLAIN_COLUMNS = {
  tokens: { type: 'INT32' },
  windows: { type: 'INT32' },
  truncated: { type: 'BOOLEAN' },
  error: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  chunk: { type: 'INT32' },
  start: { type: 'INT32' },
  end: { type: 'INT32' },
} as const satisfies Record<string, Partial<SchemaElement>>;

/** A row of the file, as its columns are named. */
interface Row extends Record<keyof typeof PLAIN_COLUMNS, unknown> {
  readonly id: string;
  /** The library takes arrays alone. */
  readonly embedding: number[] | null;
}

const COLUMNS = [
  'id',
  'embedding',
  ...(Object.keys(PLAIN_COLUMNS) as (keyof typeof PLAIN_COLUMNS)[]),
] as const;

/** `embedding` is a list of float that is null where a document failed, as Arrow and Spark write lists. */
export const PARQUET_SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: COLUMNS.length },
  {
    name: 'id',
    type: 'BYTE_ARRAY',
    repetition_type: 'REQUIRED',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
  },
  {
    name: 'embedding',
    repetition_type: 'OPTIONAL',
    num_children: 1,
    converted_type: 'LIST',
    logical_type: { type: 'LIST' },
  },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ...Object.entries(PLAIN_COLUMNS).map(([name, column]): SchemaElement => ({
    name,
    repetition_type: 'OPTIONAL',
    ...column,
  })),
];

/** Numbers of a row group's vectors together: what is in memory at a time, some 40 bytes a number in the library. */
const GROUP_NUMBERS = 1 << 19;
/** Rows of a group without vectors, or with short ones. */
const GROUP_ROWS = 16_384;
/** Bytes of encoded columns that are passed on at a time. */
const FIRST_BUFFER_BYTES = 1 << 20;

/**
 * Writes a parquet file a row group at a time, so that memory does not grow with its length. A document is a row, or has a row
 * for each of its chunks or windows; one that failed is a row with its error and without a vector.
 */
export class ParquetVectors {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #bytes: InstanceType<Library['ByteWriter']>;
  readonly #parquet: InstanceType<Library['ParquetWriter']>;
  #rows: Row[] = [];
  #numbers = 0;

  /** @param write takes the file's bytes, in order */
  constructor(
    { ByteWriter, ParquetWriter }: Library,
    write: (bytes: Uint8Array) => Promise<void>,
    metadata: ParquetMetadata,
  ) {
    this.#write = write;
    this.#bytes = new ByteWriter(FIRST_BUFFER_BYTES);
    const kvMetadata: KeyValue[] = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    this.#parquet = new ParquetWriter({
      writer: this.#bytes,
      schema: PARQUET_SCHEMA,
      kvMetadata,
      createdBy: 'longembed',
      statistics: false,
    });
  }

  async add(id: DocumentId, { rows, tokens, windows, truncated }: DocumentVectors): Promise<void> {
    for (const { embedding, part } of rows) {
      const { index, start, end } = part ?? { index: null, start: null, end: null };
      const facts = { tokens, windows, truncated, error: null, chunk: index, start, end };
      await this.#add({ id: String(id), embedding: Array.from(embedding), ...facts });
    }
  }

  async addFailure(id: DocumentId, { code, message }: DocumentFailure): Promise<void> {
    const nothing = { tokens: null, windows: null, truncated: null, chunk: null, start: null, end: null };
    await this.#add({ id: String(id), embedding: null, ...nothing, error: `${code}: ${message}` });
  }

  /**
   * Takes a row group of another file of this schema as it is.
   * @param group its description in that file
   * @param copy writes its bytes, which lie together in the file: from its first byte, so many
   */
  async addGroup(group: RowGroup, copy: (from: number, bytes: number) => Promise<void>): Promise<void> {
    await this.#endGroup();
    await this.#flush();
    const chunks = group.columns.map(({ meta_data: data }) => {
      if (data === undefined) throw new Error('a column has no description');
      const { dictionary_page_offset: dictionary, data_page_offset: pages } = data;
      return { data, from: dictionary !== undefined && dictionary < pages ? dictionary : pages };
    });
    const from = Math.min(...chunks.map((chunk) => Number(chunk.from)));
    const to = Math.max(...chunks.map((chunk) => Number(chunk.from + chunk.data.total_compressed_size)));
    const moved = BigInt(this.#bytes.offset - from);
    await copy(from, to - from);
    this.#bytes.offset += to - from;
    const columns = chunks.map(({ data, from: first }) => ({
      file_offset: first + moved,
      meta_data: {
        ...data,
        data_page_offset: data.data_page_offset + moved,
        ...(data.dictionary_page_offset === undefined
          ? {}
          : { dictionary_page_offset: data.dictionary_page_offset + moved }),
      },
    }));
    this.#parquet.row_groups.push({ ...group, columns });
    this.#parquet.num_rows += group.num_rows;
  }

  /** Writes what is left and the description of the whole, without which the file cannot be read. */
  async finish(): Promise<void> {
    await this.#endGroup();
    await this.#parquet.finish();
    await this.#flush();
  }

  async #add(row: Row): Promise<void> {
    this.#rows.push(row);
    this.#numbers += row.embedding?.length ?? 0;
    if (this.#numbers >= GROUP_NUMBERS || this.#rows.length >= GROUP_ROWS) await this.#endGroup();
  }

  async #endGroup(): Promise<void> {
    if (this.#rows.length === 0) return;
    const rows = this.#rows;
    this.#rows = [];
    this.#numbers = 0;
    await this.#parquet.write({
      columnData: COLUMNS.map((name) => ({
        name,
        data: rows.map((row) => row[name]),
        offsetIndex: false,
        // Vectors do not get smaller, and readers are faster without.
        ...(name === 'embedding' ? { codec: 'UNCOMPRESSED' as const, encoding: 'PLAIN' as const } : {}),
      })),
      rowGroupSize: rows.length,
    });
    // Of no use without indexes, and they would grow with the file.
    this.#parquet.pendingIndexes.length = 0;
    await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#write(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }
}
