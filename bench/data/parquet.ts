import { throwIfAborted } from '../../lib/abort.js';
import { badData, unreadable } from './errors.js';
import { optional } from './optional.js';
import { checkPages } from './parquet-pages.js';
import type { Row } from './table.js';

/**
 * Reads a parquet file with one row group in memory at a time.
 * @param columns names of the columns to decode; others are skipped, whatever their type
 * @throws LongEmbedError ERR_INVALID_OPTION when the file cannot be read, is cut off or damaged; ERR_ABORTED
 */
export async function* readParquet(
  path: string,
  columns: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  const library = await parquetLibrary();
  const { file, metadata, present } = await open(path, columns, library);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    throwIfAborted(signal);
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await checkPages(library, file, metadata, group, present)
      .then(() =>
        library.parquetReadObjects({
          file,
          metadata,
          columns: present,
          rowStart,
          rowEnd,
          compressors: library.compressors,
          parsers: { stringFromBytes },
        }),
      )
      .catch((error: unknown) => {
        throw damaged(path, error);
      });
    for (const values of rows) {
      rowStart += 1;
      yield { values, file: path, at: `row ${rowStart}` };
    }
    if (rowStart !== rowEnd) throw badData(`${path} is damaged: it has fewer rows than its metadata states.`);
  }
}

type ParquetLibrary = Awaited<ReturnType<typeof parquetLibrary>>;

function parquetLibrary() {
  return optional('a parquet file', async () => ({
    ...(await import('hyparquet')),
    ...(await import('hyparquet/src/column.js')),
    ...(await import('hyparquet/src/datapage.js')),
    ...(await import('hyparquet/src/schema.js')),
    ...(await import('hyparquet/src/thrift.js')),
    ...(await import('hyparquet-compressors')),
  }));
}

async function open(
  path: string,
  columns: readonly string[],
  { asyncBufferFromFile, parquetMetadataAsync, parquetSchema }: ParquetLibrary,
) {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    return { file, metadata, present: names.filter((name) => columns.includes(name)) };
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): Error {
  if ((error as NodeJS.ErrnoException).syscall !== undefined) return unreadable(path, error);
  return badData(`${path} is not a readable, complete parquet file: ${(error as Error).message}.`, error);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The library's own decoder silently replaces invalid bytes by U+FFFD. */
function stringFromBytes(bytes: Uint8Array | undefined): string | undefined {
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    throw new Error('a text in it is not UTF-8');
  }
}
