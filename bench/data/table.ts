import { COLUMNS } from './columns.js';
import { readJsonl } from './jsonl.js';
import { readParquet } from './parquet.js';
import type { Row } from './row.js';

/** The three tables that a task consists of. */
export const TABLE_NAMES = ['corpus', 'queries', 'qrels'] as const;

export type TableName = (typeof TABLE_NAMES)[number];

/** A table's files, by the splits that their names tell; null: their names tell none. */
export interface Table {
  readonly name: TableName;
  readonly folder: string;
  /** Of every split the files that make it up, in order. */
  readonly splits: ReadonlyMap<string | null, readonly string[]>;
}

export type Tables = Readonly<Record<TableName, Table>>;

/** The rows of files that together are a table of a split. */
export async function* readRows(
  files: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  for (const file of files) {
    yield* file.endsWith('.parquet') ? readParquet(file, COLUMNS, signal) : readJsonl(file, signal);
  }
}
