import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { openOutput } from '../../cli/output/open.js';
import { LazyOutput } from '../../cli/output/output.js';
import { jsonLine } from '../../cli/output/jsonl.js';
import { npyHeader } from '../../cli/output/npy.js';
import type { Embedding } from '../../lib/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-output-'));
});

const result = (...numbers: number[]): Embedding => ({
  embedding: Float32Array.from(numbers),
  tokens: 3,
  windows: 1,
  truncated: false,
});

class Memory extends Writable {
  readonly pieces: Buffer[] = [];

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(piece);
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

/** Rows and columns of a NumPy file, and its numbers. */
function readNpy(bytes: Buffer): { shape: [number, number]; numbers: number[] } {
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
  const end = 10 + bytes.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = bytes.toString('latin1', 10, end);
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(\d+, \d+\), \} *\n$/);
  const [, rows, columns] = /\((\d+), (\d+)\)/.exec(header)!.map(Number);
  const numbers = Array.from({ length: (bytes.length - end) / 4 }, (_, i) => bytes.readFloatLE(end + i * 4));
  return { shape: [rows!, columns!], numbers };
}

it('writes a jsonl line as the contract says', () => {
  expect(jsonLine('a"b', result(1, -0.1))).toBe(
    '{"id":"a\\"b","embedding":[1,-0.1],"tokens":3,"windows":1,"truncated":false}\n',
  );
  expect(jsonLine(7, { ...result(0.5), truncated: true, windows: 2 })).toBe(
    '{"id":7,"embedding":[0.5],"tokens":3,"windows":2,"truncated":true}\n',
  );
});

it('gives every NumPy header the same length', () => {
  for (const rows of [0, 1, 10 ** 9]) expect(npyHeader(rows, 8192)).toHaveLength(128);
});

describe('jsonl to a file', () => {
  it('is complete line by line, before it is closed', async () => {
    const path = join(folder, 'out.jsonl');
    const output = await openOutput(path, null, [], new Memory());
    await output.begin(2);
    await output.write('a', result(1, 2));
    expect(readFileSync(path, 'utf8')).toBe(jsonLine('a', result(1, 2)));
    await output.skip();
    await output.write('b', result(3, 4));
    await output.finish();
    expect(readFileSync(path, 'utf8')).toBe(jsonLine('a', result(1, 2)) + jsonLine('b', result(3, 4)));
  });

  it('keeps the previous content until something is written', async () => {
    const path = join(folder, 'out.jsonl');
    writeFileSync(path, 'from an earlier run, and longer than what comes\n'.repeat(9));
    const unused = new LazyOutput(await openOutput(path, null, [], new Memory()));
    await unused.close();
    expect(readFileSync(path, 'utf8')).toContain('earlier');
    const used = new LazyOutput(await openOutput(path, null, [], new Memory()));
    await used.write('a', result(1));
    await used.close();
    expect(readFileSync(path, 'utf8')).toBe(jsonLine('a', result(1)));
  });

  it('creates no empty file when nothing was written', async () => {
    const path = join(folder, 'out.jsonl');
    await new LazyOutput(await openOutput(path, null, [], new Memory())).close();
    expect(existsSync(path)).toBe(false);
  });
});

describe('npy to a file', () => {
  it('has one row per document, NaN for one that failed', async () => {
    const path = join(folder, 'out.npy');
    const output = await openOutput(path, null, [], new Memory());
    await output.begin(2);
    await output.write('a', result(1, 2));
    await output.skip();
    await output.write('b', result(3, 4));
    expect(existsSync(path)).toBe(false);
    await output.finish();
    expect(readNpy(readFileSync(path))).toEqual({ shape: [3, 2], numbers: [1, 2, NaN, NaN, 3, 4] });
    expect(readdirSync(folder)).toEqual(['out.npy']);
  });

  it('is valid after every row, in case the program is killed', async () => {
    const output = await openOutput(join(folder, 'out.npy'), 'npy', [], new Memory());
    const partial = () => readNpy(readFileSync(join(folder, readdirSync(folder)[0]!)));
    await output.begin(2);
    expect(partial()).toEqual({ shape: [0, 2], numbers: [] });
    await output.write('a', result(1, 2));
    expect(partial()).toEqual({ shape: [1, 2], numbers: [1, 2] });
    await output.finish();
  });

  it('replaces an earlier file only when it is finished, through links and with its permissions', async () => {
    const path = join(folder, 'real.npy');
    writeFileSync(path, 'earlier');
    chmodSync(path, 0o640);
    symlinkSync(path, join(folder, 'link.npy'));
    const output = await openOutput(join(folder, 'link.npy'), null, [], new Memory());
    await output.begin(1);
    await output.write('a', result(1));
    expect(readFileSync(path, 'utf8')).toBe('earlier');
    await output.finish();
    expect(readNpy(readFileSync(path))).toEqual({ shape: [1, 1], numbers: [1] });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['link.npy', 'real.npy']);
  });

  it('leaves nothing behind when nothing was begun', async () => {
    await (await openOutput(join(folder, 'out.npy'), null, [], new Memory())).abandon();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('standard output', () => {
  it('gets npy at the end, when the rows are counted', async () => {
    const stdout = new Memory();
    const output = await openOutput(null, 'npy', [], stdout);
    await output.begin(2);
    await output.write('a', result(1, 2));
    await output.skip();
    expect(stdout.bytes).toHaveLength(0);
    await output.finish();
    expect(readNpy(stdout.bytes)).toEqual({ shape: [2, 2], numbers: [1, 2, NaN, NaN] });
  });

  it('refuses npy when it is a terminal', async () => {
    const terminal = Object.assign(new Memory(), { isTTY: true });
    await expect(openOutput(null, 'npy', [], terminal)).rejects.toThrow('not for a terminal');
  });

  it('waits for a slow reader', async () => {
    let release: (() => void) | undefined;
    const slow = new Writable({ write: (_piece, _encoding, done) => (release = done) });
    const output = await openOutput(null, null, [], slow);
    let taken = false;
    const written = output.write('a', result(1)).then(() => (taken = true));
    await new Promise(setImmediate);
    expect(taken).toBe(false);
    release!();
    await written;
  });
});

describe('an output that cannot be written is refused at once', () => {
  const open = (path: string, inputs: string[] = []) => openOutput(path, null, inputs, new Memory());

  it.each(['jsonl', 'npy'])('in a directory that does not exist: %s', async (format) => {
    await expect(open(join(folder, 'none', `out.${format}`))).rejects.toThrow(
      /Cannot write to .*directory does not exist/,
    );
  });

  it('that is a directory', async () => {
    await expect(open(folder)).rejects.toThrow(/is a directory; name a file in it/);
    await expect(openOutput(folder, 'npy', [], new Memory())).rejects.toThrow(/is a directory/);
  });

  it('below something that is not a directory', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    await expect(open(join(path, 'out.jsonl'))).rejects.toThrow(/not a directory/);
  });

  it('that is one of the inputs, under any name', async () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'text');
    symlinkSync(path, join(folder, 'b.txt'));
    await expect(open(join(folder, 'b.txt'), ['x', path])).rejects.toThrow(
      /same file as the input, .*a\.txt/,
    );
    expect(readFileSync(path, 'utf8')).toBe('text');
  });

  it.skipIf(process.getuid?.() === 0)(
    'without permission (not as root, who may write anywhere)',
    async () => {
      chmodSync(folder, 0o500);
      await expect(open(join(folder, 'out.jsonl'))).rejects.toThrow(/permission is denied/);
    },
  );
});

it.skipIf(!existsSync('/dev/full'))(
  'says so when the disk fills up while writing (where there is a /dev/full)',
  async () => {
    const output = await openOutput('/dev/full', 'jsonl', [], new Memory());
    await output.begin(1);
    await expect(output.write('a', result(1))).rejects.toThrow(
      'Cannot write to /dev/full: the disk is full.',
    );
  },
);
