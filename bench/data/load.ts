import { checkDataset } from './check.js';
import type { Dataset } from './dataset.js';
import { readJsonl } from './jsonl.js';
import {
  ANSWERED_QUERY,
  ANSWERING_DOCUMENT,
  COLUMNS,
  DOCUMENT_ID,
  gradeOf,
  idOf,
  LENGTH,
  lengthOf,
  QUERY_ID,
  type Row,
  type TableName,
  textOf,
  titledTextOf,
} from './table.js';

/** The files of a split. */
export interface SplitFiles {
  readonly files: Readonly<Record<TableName, readonly string[]>>;
  /** Only the rows of this context_length; null: all rows. */
  readonly length: number | null;
}

/**
 * Reads and checks a split. Every file is read once, from beginning to end.
 * @throws LongEmbedError ERR_INVALID_OPTION, ERR_INPUT_EMPTY when data are malformed or do not fit together; ERR_ABORTED
 */
export async function loadSplit(
  { files, length }: SplitFiles,
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  // Small tables first, so that errors in them show before the corpus is read.
  const queries = await read(files.queries, length, signal, (row) => ({
    id: idOf(row, QUERY_ID),
    text: textOf(row),
  }));
  const judgements = await read(files.qrels, length, signal, (row) => ({
    query: idOf(row, ANSWERED_QUERY),
    document: idOf(row, ANSWERING_DOCUMENT),
    grade: gradeOf(row),
  }));
  const documents = await read(files.corpus, length, signal, (row) => ({
    id: idOf(row, DOCUMENT_ID),
    text: titledTextOf(row),
  }));
  const from = (table: TableName): string =>
    files[table].join(', ') + (length === null ? '' : ` (${LENGTH} ${length})`);
  return checkDataset({
    documents,
    queries,
    judgements,
    from: { corpus: from('corpus'), queries: from('queries'), qrels: from('qrels') },
  });
}

async function read<T>(
  files: readonly string[],
  length: number | null,
  signal: AbortSignal | undefined,
  parse: (row: Row) => T,
): Promise<(T & Pick<Row, 'file' | 'at'>)[]> {
  const rows: (T & Pick<Row, 'file' | 'at'>)[] = [];
  for await (const row of readRows(files, signal)) {
    if (length !== null && lengthOf(row) !== length) continue;
    rows.push({ ...parse(row), file: row.file, at: row.at });
  }
  return rows;
}

/** The rows of files that together are one table of a split. */
export async function* readRows(
  files: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  for (const file of files) {
    if (file.endsWith('.parquet')) {
      // Loaded on demand: most data are JSONL.
      const { readParquet } = await import('./parquet.js');
      yield* readParquet(file, COLUMNS, signal);
    } else yield* readJsonl(file, signal);
  }
}
