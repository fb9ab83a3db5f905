import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

  const words = Array.from({ length: 9 }, (_, i) => `w${i * 79}`);
  const repeated = words.map((_, i) => words[i % 3]);
  const sometimes = words.map((word, i) => (i % 3 === 0 ? null : word));
  it.each<[string, Omit<Columns['columnData'][number], 'name'>, Partial<Columns>]>([
    ['values as they are', { data: words }, { pageSize: 30 }],
    ['values and nulls', { data: sometimes }, {}],
    ['a dictionary that is compressed', { data: repeated }, { codec: 'SNAPPY' }],
    ['lists', { data: words.map((word, i) => (i % 3 === 0 ? [word, word] : [])) }, {}],
  ])('comes back from every damaged byte of %s', (_, column, more) => {
    const content = parquet({
      columnData: [{ name: 'text', ...column }],
      codec: 'UNCOMPRESSED',
      statistics: false,
      ...more,
    });
    const file = join(makeFolder({ 'a.parquet': content }), 'a.parquet');
    const program = fileURLToPath(new URL('damage.ts', import.meta.url));
    // Much more memory would let a run of 2^30 values pass as a slow read.
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--max-old-space-size=512', '--import', 'tsx', program, file],
      { encoding: 'utf8', timeout: 50_000 },
    );
    expect([status, stderr]).toEqual([0, '']);
    const { read, refused, unexpected } = JSON.parse(stdout) as Record<string, unknown>;
    expect(unexpected).toEqual([]);
    expect([read, refused]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(refused).toBeGreaterThan(content.length);
  });

  it.each([
    ['a page that loses its size', 4, 0x25, 'a page has no valid size'],
    ['a page that ends after its column', 5, 0x7e, 'a page has no valid size'],
    ['fewer values', 8, 16, 'a page has no valid number of values'],
    ['fewer rows', 12, 16, 'a page has other rows than values'],
    ['more nulls than values', 10, 0x32, 'a page has no valid number of values'],
    ['a long run of equal levels', 21, 0x7e, 'a page of 9 values has a run of 63'],
    ['a long run of packed values', 24, 0x0b, 'a page of 9 values has a run of 40'],
  ])('says what is wrong with %s', async (_, at, byte, message) => {
    const content = parquet({
      columnData: [{ name: 'text', data: repeated, type: 'STRING' }],
      codec: 'UNCOMPRESSED',
      statistics: false,
    });
    // The header of its page: type, sizes; values, nulls, rows, encoding, bytes of levels. Then the levels, and the values' width.
    const sizes = [0x15, 6, 0x15, 16, 0x15, 16];
    const header = [
      ...sizes,
      0x5c,
      0x15,
      18,
      0x15,
      0,
      0x15,
      18,
      0x15,
      16,
      0x15,
      4,
      0x15,
      0,
      0,
      0,
      18,
      1,
      2,
      5,
    ];
    const start = Buffer.from(content).indexOf(Buffer.from(header));
    content[start + at] = byte;
    await expect(read(content)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', new RegExp(`a\\.parquet is not .* parquet file: ${message}\\.$`)),
    );
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
