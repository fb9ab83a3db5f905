import type { AsyncBuffer, Compressors, DataReader, FileMetaData, PageHeader, RowGroup } from 'hyparquet';
import type * as ColumnModule from 'hyparquet/src/column.js';
import type * as DataPageModule from 'hyparquet/src/datapage.js';
import type * as SchemaModule from 'hyparquet/src/schema.js';
import type * as ThriftModule from 'hyparquet/src/thrift.js';

/** What of hyparquet reads pages, without the loops that a damaged page does not end. */
export interface PageLibrary {
  readonly parquetHeader: typeof ColumnModule.parquetHeader;
  readonly decompressPage: typeof DataPageModule.decompressPage;
  readonly readVarInt: typeof ThriftModule.readVarInt;
  readonly getSchemaPath: typeof SchemaModule.getSchemaPath;
  readonly getMaxDefinitionLevel: typeof SchemaModule.getMaxDefinitionLevel;
  readonly getMaxRepetitionLevel: typeof SchemaModule.getMaxRepetitionLevel;
  readonly isFlatColumn: typeof SchemaModule.isFlatColumn;
  readonly compressors: Compressors;
}

/** A column of a row group, as its pages are read. */
interface Column {
  readonly isBoolean: boolean;
  readonly isFlat: boolean;
  readonly codec: Parameters<PageLibrary['decompressPage']>[2];
  readonly maxRepetition: number;
  readonly maxDefinition: number;
}

/**
 * Checks how the pages of a row group describe themselves before hyparquet decodes them, which believes it: without its size it
 * reads a page over and over for ever, and it fills the memory with a damaged run of equal numbers, which ends the process.
 * @param columns names of those that will be decoded
 * @throws Error that says what is wrong
 */
export async function checkPages(
  library: PageLibrary,
  file: AsyncBuffer,
  { schema }: FileMetaData,
  { columns: chunks, num_rows: groupRows }: RowGroup,
  columns: readonly string[],
): Promise<void> {
  for (const { meta_data: data } of chunks) {
    const name = data?.path_in_schema[0] ?? '';
    if (data === undefined || !columns.includes(name)) continue;
    const path = library.getSchemaPath(schema, data.path_in_schema);
    const isFlat = library.isFlatColumn(path);
    const [rows, values] = [Number(groupRows), Number(data.num_values)];
    const start = Number(data.dictionary_page_offset || data.data_page_offset);
    const bytes = Number(data.total_compressed_size);
    check(
      isCount(start, file.byteLength) && isCount(bytes, file.byteLength - start),
      'a column lies outside it',
    );
    // An entry at least for each row, also for one without a value or with an empty list.
    check(isCount(values) && isCount(rows, values) && (!isFlat || rows === values), 'its row counts differ');
    const reader = { view: new DataView(await file.slice(start, start + bytes)), offset: 0 };
    const found = checkColumn(library, reader, values, {
      isFlat,
      isBoolean: data.type === 'BOOLEAN',
      codec: data.codec,
      maxRepetition: library.getMaxRepetitionLevel(path),
      maxDefinition: library.getMaxDefinitionLevel(path),
    });
    check(found === values, `the pages of the column ${name} have ${found} values instead of ${values}`);
  }
}

/** @returns how many values its pages have; of a flat column, only those that hyparquet reads */
function checkColumn(library: PageLibrary, reader: DataReader, values: number, column: Column): number {
  let seen = 0;
  // Like hyparquet, which reads repeated columns to the end of their bytes.
  while (reader.offset < reader.view.byteLength - 1 && (!column.isFlat || seen < values)) {
    const header = library.parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: plainSize } = header;
    check(
      isCount(size, reader.view.byteLength - reader.offset) && isCount(plainSize),
      'a page has no valid size',
    );
    const page = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, size);
    if (header.type === 'DATA_PAGE') seen += checkPage(library, page, header, column);
    if (header.type === 'DATA_PAGE_V2') seen += checkPageV2(library, page, header, column);
    reader.offset += size;
  }
  return seen;
}

/** A page in which levels are compressed together with values. @returns its values */
function checkPage(library: PageLibrary, packed: Uint8Array, header: PageHeader, column: Column): number {
  const { num_values: values = NaN, encoding } = header.data_page_header ?? {};
  check(isCount(values), 'a page has no valid number of values');
  const { maxRepetition, maxDefinition, codec, isBoolean } = column;
  const hasRuns = isRunEncoding(encoding);
  if (maxRepetition + maxDefinition === 0 && !hasRuns) return values;
  const page = library.decompressPage(packed, header.uncompressed_page_size, codec, library.compressors);
  const reader = readerOf(page);
  for (const max of [maxRepetition, maxDefinition]) {
    if (max > 0) checkSizedRuns(library, reader, bitsOf(max), values);
  }
  if (hasRuns) checkValueRuns(library, reader, values, isBoolean);
  return values;
}

/** A page in which levels stand before the values, and are not compressed. @returns its values */
function checkPageV2(library: PageLibrary, packed: Uint8Array, header: PageHeader, column: Column): number {
  const about = header.data_page_header_v2;
  const { num_values: values = NaN, num_nulls: nulls = NaN, num_rows: rows = NaN } = about ?? {};
  const repetition = about?.repetition_levels_byte_length ?? NaN;
  const definition = about?.definition_levels_byte_length ?? NaN;
  check(
    isCount(values) && isCount(nulls, values) && isCount(rows, values),
    'a page has no valid number of values',
  );
  check(!column.isFlat || rows === values, 'a page has other rows than values');
  check(
    isCount(repetition, packed.length) && isCount(definition, packed.length - repetition),
    'a page has no valid size',
  );
  const reader = readerOf(packed);
  if (column.maxRepetition > 0) checkRuns(library, reader, bitsOf(column.maxRepetition), values);
  reader.offset = repetition;
  if (column.maxDefinition > 0) {
    checkRuns(library, reader, bitsOf(column.maxDefinition), values);
    reader.offset += definition;
  }
  if (!isRunEncoding(about?.encoding)) return values;
  const rest = packed.subarray(reader.offset);
  const size = header.uncompressed_page_size - repetition - definition;
  const page =
    about?.is_compressed === false
      ? rest
      : library.decompressPage(rest, size, column.codec, library.compressors);
  checkValueRuns(library, readerOf(page), values - nulls, about?.encoding === 'RLE');
  return values;
}

/** Values in runs: places in a dictionary, whose width stands before them, or truth values. */
function checkValueRuns(library: PageLibrary, reader: DataReader, values: number, isBoolean: boolean): void {
  if (isBoolean) checkSizedRuns(library, reader, 1, values);
  else if (reader.offset < reader.view.byteLength) {
    const width = reader.view.getUint8(reader.offset++);
    checkRuns(library, reader, width, values);
  }
}

/** Runs with the number of their bytes before them. */
function checkSizedRuns(library: PageLibrary, reader: DataReader, width: number, values: number): void {
  const bytes = reader.view.getUint32(reader.offset, true);
  reader.offset += 4;
  const start = reader.offset;
  check(isCount(bytes, reader.view.byteLength - start), 'a page has no valid size');
  checkRuns(library, reader, width, values);
  reader.offset = start + bytes;
}

/** Runs, equal or packed by eights, that a page of so many values can have. Leaves the reader where it was. */
function checkRuns(library: PageLibrary, { view, offset }: DataReader, width: number, values: number): void {
  const reader = { view, offset };
  for (let seen = 0; seen < values && reader.offset < view.byteLength;) {
    const header = library.readVarInt(reader);
    const isPacked = (header & 1) === 1;
    const run = (header >>> 1) * (isPacked ? 8 : 1);
    // Of packed ones the last eight may be padding.
    check(run < values + 8, `a page of ${values} values has a run of ${run}`);
    reader.offset += isPacked ? (header >>> 1) * width : Math.ceil(width / 8);
    seen += run;
  }
}

function isRunEncoding(encoding: string | undefined): boolean {
  return encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY' || encoding === 'RLE';
}

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

/** The bits that a level up to `max` takes. */
function bitsOf(max: number): number {
  return 32 - Math.clz32(max);
}

function isCount(value: number, most = Infinity): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
