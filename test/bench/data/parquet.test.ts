import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../../bench/data/table.js';
import { readParquet } from '../../../bench/data/parquet.js';
import type { Row } from '../../../bench/data/table.js';
import { type Content, failure, makeFolder } from './folder.js';

type Columns = Parameters<typeof parquetWriteBuffer>[0];

function parquet(options: Columns): Uint8Array {
  return new Uint8Array(parquetWriteBuffer(options));
}

async function read(content: Content, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  const file = join(makeFolder({ 'a.parquet': content }), 'a.parquet');
  for await (const row of readParquet(file, COLUMNS, signal)) rows.push(row);
  return rows;
}

const TEXTS: Columns['columnData'][number] = { name: 'text', data: ['one', 'two', 'three'], type: 'STRING' };

describe('readParquet', () => {
  it('gives the rows of all row groups, numbered, with only the columns in use', async () => {
    const rows = await read(
      parquet({
        columnData: [
          { name: '_id', data: [1n, 2n, 3n], type: 'INT64' },
          { name: 'other', data: [true, false, true], type: 'BOOLEAN' },
          TEXTS,
        ],
        rowGroupSize: 2,
      }),
    );
    expect(rows).toMatchObject([
      { values: { _id: 1n, text: 'one' }, at: 'row 1' },
      { values: { _id: 2n, text: 'two' }, at: 'row 2' },
      { values: { _id: 3n, text: 'three' }, at: 'row 3' },
    ]);
    expect(rows[0]?.values).not.toHaveProperty('other');
  });

  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const)('reads %s', async (codec) => {
    const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)) };
    const rows = await read(parquet({ columnData: [TEXTS], codec, compressors }));
    expect(rows.map(({ values }) => values['text'])).toEqual(TEXTS.data);
  });

  it('reads zstd files of pyarrow', async () => {
    const rows = await read(readFileSync(new URL('pyarrow-zstd.parquet', import.meta.url)));
    expect(rows).toMatchObject([
      { values: { _id: 'd1', title: 'A', text: 'Grüße' }, at: 'row 1' },
      { values: { _id: 'd2', title: null, text: 'two' }, at: 'row 2' },
    ]);
  });

  it('refuses text that is not UTF-8', async () => {
    const data = [new Uint8Array([0x61, 0xff])];
    await expect(
      read(parquet({ columnData: [{ name: 'text', data, type: 'BYTE_ARRAY' }] })),
    ).rejects.toMatchObject(failure('ERR_INVALID_OPTION', /a\.parquet .* a text in it is not UTF-8/));
  });

  it('refuses a file that is truncated, damaged or not a parquet file', async () => {
    const whole = parquet({ columnData: [TEXTS] });
    const wrong = whole.slice();
    wrong.fill(0xff, 4, 30);
    for (const content of [whole.subarray(0, -3), wrong, '{"a":1}\n', '']) {
      await expect(read(content)).rejects.toMatchObject(
        failure('ERR_INVALID_OPTION', /a\.parquet is not a readable, complete parquet file: ./),
      );
    }
  });

  it('says why a file cannot be read', async () => {
    const file = join(makeFolder(), 'gone.parquet');
    await expect(readParquet(file, COLUMNS, undefined).next()).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /gone\.parquet cannot be read: no such file/),
    );
  });

  it('stops when aborted', async () => {
    const content = parquet({ columnData: [TEXTS] });
    await expect(read(content, AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
