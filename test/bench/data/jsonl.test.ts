import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readJsonl } from '../../../bench/data/jsonl.js';
import type { Row } from '../../../bench/data/table.js';
import { type Content, failure, makeFolder } from './folder.js';

async function read(name: string, content: Content, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readJsonl(join(makeFolder({ [name]: content }), name), signal)) rows.push(row);
  return rows;
}

/** A zstd frame whose blocks are not compressed (RFC 8878 §3.1.1). */
function zstd(content: Uint8Array, blockSize = 100_000): Uint8Array {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  for (let from = 0; from < content.length; from += blockSize) {
    const block = content.subarray(from, from + blockSize);
    const last = from + blockSize >= content.length ? 1 : 0;
    const header = (block.length << 3) | last;
    parts.push(Buffer.from([header & 0xff, (header >> 8) & 0xff, header >> 16]), Buffer.from(block));
  }
  return Buffer.concat(parts);
}

/** `{"id": "a", "text": "Hey, Hey, …"}` ten times, compressed by the zstd program (level 19, with a checksum). */
const BY_ZSTD = Buffer.from(
  'KLUv/QRoVQEA6HsiaWQiOiAiYSIsICJ0ZXh0IjogIkhleSwgIn0KAgC52HfgPuQN/DIGS0tk+w==',
  'base64',
);

describe('readJsonl', () => {
  it('gives the rows with their line numbers', async () => {
    expect(await read('a.jsonl', '{"a":1}\n\n{"a":2,"other":[null]}\n\n')).toMatchObject([
      { values: { a: 1 }, at: 'line 1' },
      { values: { a: 2, other: [null] }, at: 'line 3' },
    ]);
  });

  it('accepts CRLF, a byte order mark and an unterminated last line', async () => {
    const rows = await read('a.jsonl', '\ufeff{"a":"é"}\r\n{"a":2}\r\n\r\n{"a":3}');
    expect(rows.map(({ values }) => values['a'])).toEqual(['é', 2, 3]);
  });

  it('reads gzip, also with several members', async () => {
    const rows = await read(
      'a.jsonl.gz',
      Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(':2}\n{"a":3}')]),
    );
    expect(rows.map(({ values }) => values['a'])).toEqual([1, 2, 3]);
  });

  it('reads zstd, of many blocks and frames', async () => {
    const text = randomBytes(200_000).toString('base64');
    const content = zstd(Buffer.from(`{"a":"${text}"}\n`));
    const rows = await read('a.jsonl.zst', Buffer.concat([content, content]));
    expect(rows.map(({ values }) => values['a'])).toEqual([text, text]);
  });

  it('reads output of the zstd program', async () => {
    const rows = await read('a.jsonl.zst', BY_ZSTD);
    expect(rows).toHaveLength(10);
    expect(rows[9]).toMatchObject({ values: { id: 'a', text: 'Hey, '.repeat(500) }, at: 'line 10' });
  });

  it.each([
    ['a.jsonl.gz', gzipSync(`{"a":"${randomBytes(1000).toString('base64')}"}\n`).subarray(0, -20)],
    ['a.jsonl.gz', Buffer.from('{"a":1}\n')],
    ['a.jsonl.zst', BY_ZSTD.subarray(0, -2)],
    ['a.jsonl.zst', BY_ZSTD.subarray(0, 40)],
    ['a.jsonl.zst', Buffer.from('{"a":1}\n{"a":2}\n{"a":3}\n')],
  ])('refuses a cut or damaged %s', async (name, content) => {
    await expect(read(name, content)).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /a\.jsonl\.(gz|zst) cannot be decompressed \(.+\): it is cut off or damaged/,
      ),
    );
  });

  it.each([
    ['{"a":1}\n{"a":}\n', /a\.jsonl, line 2: the line is not JSON/],
    ['{"a":1}\n\n[1]\n', /a\.jsonl, line 3: the line is not a JSON object/],
    ['null\n', /a\.jsonl, line 1: the line is not a JSON object/],
    [
      Buffer.from([0x7b, 0x7d, 0x0a, 0x22, 0xff, 0x22]),
      /a\.jsonl, line 2: The text is not UTF-8: byte 1 is wrong/,
    ],
  ])('refuses a malformed line: %j', async (content, message) => {
    await expect(read('a.jsonl', content)).rejects.toMatchObject(failure('ERR_INVALID_OPTION', message));
  });

  it('says why a file cannot be read', async () => {
    const folder = makeFolder();
    const rows = readJsonl(join(folder, 'gone.jsonl'), undefined);
    await expect(rows.next()).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /gone\.jsonl cannot be read: no such file/),
    );
    rmSync(folder, { recursive: true });
  });

  it('stops when aborted', async () => {
    await expect(read('a.jsonl', '{"a":1}\n', AbortSignal.abort())).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
