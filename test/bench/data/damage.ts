/**
 * Reads every damaged form of parquet files: each of their bytes in turn is another, or the first of a number as large as they
 * come. Arguments: the files, whose folder is for the damaged ones. It runs in a process of its own, because it looks for a reader
 * that does not come back. Prints how many were read and refused, and every error that is not the one for damaged data.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { COLUMNS } from '../../../bench/data/table.js';
import { readParquet } from '../../../bench/data/parquet.js';

/** The length of a run of 2^30 equal values. */
const LONG_RUN = [0xfe, 0xff, 0xff, 0xff, 0x07];

const result = { read: 0, refused: 0, unexpected: [] as string[] };
for (const path of process.argv.slice(2)) {
  const whole = readFileSync(path);
  for (const [at, byte] of whole.entries()) {
    for (const other of [[0xff], [byte ^ 1], LONG_RUN]) {
      const bytes = Buffer.from(whole);
      bytes.set(other.slice(0, bytes.length - at), at);
      await read(bytes, `${path}.damaged`, `${at}: ${other.join(' ')}`);
    }
  }
}
console.log(JSON.stringify(result));

async function read(bytes: Buffer, path: string, where: string): Promise<void> {
  writeFileSync(path, bytes);
  try {
    const rows = readParquet(path, COLUMNS, undefined);
    while ((await rows.next()).done !== true);
    result.read += 1;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    result.refused += 1;
    const isExpected = code === 'ERR_INVALID_OPTION' && message.startsWith(`${path} is `);
    if (!isExpected) result.unexpected.push(`${where}: ${String(error)}`);
  }
}
