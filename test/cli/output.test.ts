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
import { openOutput, type OutputOptions } from '../../cli/output/open.js';
import { type LazyOutput, vectorsOf } from '../../cli/output/output.js';
import { jsonLines as linesOf } from '../../cli/output/jsonl.js';
import { NpyFileOutput } from '../../cli/output/npy.js';
import { npyHeader } from '../../lib/vector-file/npy.js';
import type { Embedding } from '../../lib/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-output-'));
});

const FAILURE = { code: 'ERR_INPUT_EMPTY', message: 'The input is empty.' };

const result = (...numbers: number[]): Embedding => ({
  embedding: Float32Array.from(numbers),
  tokens: 3,
  windows: 1,
  truncated: false,
});

const jsonLines = (id: string | number, one: Embedding): string => linesOf(id, vectorsOf(one));

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

/** Opens an output for vectors of `dimensions` numbers. */
async function opened(
  path: string | null,
  options: Partial<OutputOptions> & { dimensions?: number } = {},
): Promise<LazyOutput> {
  const { dimensions = 1, ...rest } = options;
  const output = await openOutput({
    path,
    format: null,
    inputs: [],
    force: false,
    parts: false,
    describe: () => Promise.resolve({ model: 'm' }),
    stdout: new Memory(),
    ...rest,
  });
  output.expect(dimensions);
  return output;
}

it('writes a jsonl line as the contract says', () => {
  expect(jsonLines('a"b', result(1, -0.1))).toBe(
    '{"id":"a\\"b","embedding":[1,-0.1],"tokens":3,"windows":1,"truncated":false}\n',
  );
  expect(jsonLines(7, { ...result(0.5), truncated: true, windows: 2 })).toBe(
    '{"id":7,"embedding":[0.5],"tokens":3,"windows":2,"truncated":true}\n',
  );
});

it('gives every NumPy header the same length', () => {
  for (const rows of [0, 1, 10 ** 9]) expect(npyHeader(rows, 8192)).toHaveLength(128);
});

describe('jsonl to a file', () => {
  it('is complete line by line, before it is closed', async () => {
    const path = join(folder, 'out.jsonl');
    const output = await opened(path, { dimensions: 2 });
    await output.write('a', result(1, 2));
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('a', result(1, 2)));
    await output.skip('x', FAILURE);
    await output.write('b', result(3, 4));
    await output.finish();
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('a', result(1, 2)) + jsonLines('b', result(3, 4)));
  });

  it('keeps the previous content until something is written', async () => {
    const path = join(folder, 'out.jsonl');
    writeFileSync(path, 'from an earlier run, and longer than what comes\n'.repeat(9));
    const unused = await opened(path, { force: true });
    await unused.close();
    expect(readFileSync(path, 'utf8')).toContain('earlier');
    const used = await opened(path, { force: true });
    await used.write('a', result(1));
    await used.close();
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('a', result(1)));
  });

  it('ends where another run writes, and leaves that alone', async () => {
    const path = join(folder, 'out.jsonl');
    const late = await opened(path);
    const first = await opened(path);
    await first.write('a', result(1));
    await expect(late.write('b', result(2))).rejects.toThrow(/out\.jsonl: another run writes to it/);
    await first.finish();
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('a', result(1)));

    const replaced = await opened(path, { force: true });
    await replaced.write('c', result(3));
    const other = await opened(path, { force: true });
    await other.write('d', result(4));
    await other.write('e', result(5));
    await expect(replaced.write('f', result(6))).rejects.toThrow('another run writes to it');
    await expect(replaced.close()).rejects.toThrow('another run writes to it');
    await other.finish();
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('d', result(4)) + jsonLines('e', result(5)));
  });

  it('keeps what another run has written when it has nothing itself', async () => {
    const path = join(folder, 'out.jsonl');
    const unused = await opened(path);
    const other = await opened(path);
    await other.write('a', result(1));
    await unused.close();
    await other.finish();
    expect(readFileSync(path, 'utf8')).toBe(jsonLines('a', result(1)));
  });

  it('creates no empty file when nothing was written', async () => {
    const path = join(folder, 'out.jsonl');
    await (await opened(path)).close();
    expect(existsSync(path)).toBe(false);
  });

  it.each(['jsonl', 'npy'] as const)('keeps an older file when every document fails: %s', async (format) => {
    const path = join(folder, 'out');
    writeFileSync(path, 'earlier');
    const failed = await opened(path, { force: true, format });
    await failed.skip('x', FAILURE);
    await failed.skip('x', FAILURE);
    expect(await failed.finish()).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('earlier');
    expect(readdirSync(folder)).toEqual(['out']);

    const some = await opened(path, { force: true, format });
    await some.skip('x', FAILURE);
    await some.write('b', result(3));
    expect(await some.finish()).toBe(false);
    if (format === 'jsonl') expect(readFileSync(path, 'utf8')).toBe(jsonLines('b', result(3)));
    else expect(readNpy(readFileSync(path))).toEqual({ shape: [2, 1], numbers: [NaN, 3] });
  });

  it('makes the file that a link names, and takes it away again when nothing was written', async () => {
    const link = join(folder, 'link.jsonl');
    symlinkSync('real.jsonl', link);
    await (await opened(link)).close();
    expect(readdirSync(folder)).toEqual(['link.jsonl']);
    const output = await opened(link);
    await output.write('a', result(1));
    await output.finish();
    expect(readFileSync(join(folder, 'real.jsonl'), 'utf8')).toBe(jsonLines('a', result(1)));
  });

  it('gives an output for an empty input, and where every document fails and nothing was there', async () => {
    const path = join(folder, 'empty.jsonl');
    writeFileSync(path, 'earlier');
    expect(await (await opened(path, { force: true })).finish()).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('');
    const rows = await opened(join(folder, 'out.npy'));
    await rows.skip('x', FAILURE);
    expect(await rows.finish()).toBe(false);
    expect(readNpy(readFileSync(join(folder, 'out.npy')))).toEqual({ shape: [1, 1], numbers: [NaN] });
  });
});

describe('npy to a file', () => {
  it('has one row per document, NaN for one that failed', async () => {
    const path = join(folder, 'out.npy');
    const output = await opened(path, { dimensions: 2 });
    await output.write('a', result(1, 2));
    await output.skip('x', FAILURE);
    await output.write('b', result(3, 4));
    expect(existsSync(path)).toBe(false);
    await output.finish();
    expect(readNpy(readFileSync(path))).toEqual({ shape: [3, 2], numbers: [1, 2, NaN, NaN, 3, 4] });
    expect(readdirSync(folder)).toEqual(['out.npy']);
  });

  it('is valid after every row, in case the program is killed', async () => {
    const output = await NpyFileOutput.create(join(folder, 'out.npy'));
    const partial = () => readNpy(readFileSync(join(folder, readdirSync(folder)[0]!)));
    await output.begin(2);
    expect(partial()).toEqual({ shape: [0, 2], numbers: [] });
    await output.write('a', vectorsOf(result(1, 2)));
    expect(partial()).toEqual({ shape: [1, 2], numbers: [1, 2] });
    await output.finish();
  });

  it('replaces an earlier file only when it is finished, through links and with its permissions', async () => {
    const path = join(folder, 'real.npy');
    writeFileSync(path, 'earlier');
    chmodSync(path, 0o640);
    symlinkSync(path, join(folder, 'link.npy'));
    const output = await opened(join(folder, 'link.npy'), { force: true });
    await output.write('a', result(1));
    expect(readFileSync(path, 'utf8')).toBe('earlier');
    await output.finish();
    expect(readNpy(readFileSync(path))).toEqual({ shape: [1, 1], numbers: [1] });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['link.npy', 'real.npy']);
  });

  it('keeps what another run has finished meanwhile, and its own rows beside it', async () => {
    const path = join(folder, 'out.npy');
    const [slow, fast] = [await opened(path), await opened(path)];
    await slow.write('a', result(1));
    await fast.write('b', result(2));
    await fast.finish();
    await expect(slow.finish()).rejects.toThrow(/another run has written it/);
    expect(readNpy(readFileSync(path))).toEqual({ shape: [1, 1], numbers: [2] });
    const [, partial = ''] = readdirSync(folder);
    expect(readNpy(readFileSync(join(folder, partial)))).toEqual({ shape: [1, 1], numbers: [1] });
  });

  it('leaves nothing behind when nothing was begun', async () => {
    await (await opened(join(folder, 'out.npy'))).close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('standard output', () => {
  it('gets npy at the end, when the rows are counted', async () => {
    const stdout = new Memory();
    const output = await opened(null, { format: 'npy', stdout, dimensions: 2 });
    await output.write('a', result(1, 2));
    await output.skip('x', FAILURE);
    expect(stdout.bytes).toHaveLength(0);
    await output.finish();
    expect(readNpy(stdout.bytes)).toEqual({ shape: [2, 2], numbers: [1, 2, NaN, NaN] });
  });

  it('refuses npy when it is a terminal', async () => {
    const terminal = Object.assign(new Memory(), { isTTY: true });
    await expect(opened(null, { format: 'npy', stdout: terminal })).rejects.toThrow('not for a terminal');
  });

  it('waits for a slow reader', async () => {
    let release: (() => void) | undefined;
    const slow = new Writable({ write: (_piece, _encoding, done) => (release = done) });
    const output = await opened(null, { stdout: slow });
    let taken = false;
    const written = output.write('a', result(1)).then(() => (taken = true));
    await new Promise(setImmediate);
    expect(taken).toBe(false);
    release!();
    await written;
  });
});

describe('an output that cannot be written is refused at once', () => {
  const open = (path: string, inputs: string[] = []) => opened(path, { inputs });

  it.each(['jsonl', 'npy'])('in a directory that does not exist: %s', async (format) => {
    await expect(open(join(folder, 'none', `out.${format}`))).rejects.toThrow(
      /Cannot write to .*directory does not exist/,
    );
  });

  it('that is a directory', async () => {
    await expect(open(folder)).rejects.toThrow(/is a directory; name a file in it/);
    await expect(opened(folder, { format: 'npy' })).rejects.toThrow(/is a directory/);
  });

  it.each(['jsonl', 'npy'] as const)('that has content, without --force: %s', async (format) => {
    const path = join(folder, 'out');
    writeFileSync(path, 'earlier');
    await expect(opened(path, { format })).rejects.toThrow(/out exists: .* --force/);
    expect(readFileSync(path, 'utf8')).toBe('earlier');
    // As mktemp leaves it.
    writeFileSync(path, '');
    await (await opened(path, { format })).finish();
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

  it('whose second file is one of the inputs', async () => {
    const path = join(folder, 'v.npy.jsonl');
    writeFileSync(path, 'text');
    const output = opened(join(folder, 'v.npy'), { inputs: [path], parts: true, force: true });
    await expect(output).rejects.toThrow(/same file as the input, .*v\.npy\.jsonl/);
    expect(readdirSync(folder)).toEqual(['v.npy.jsonl']);
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
    const output = await opened('/dev/full', { format: 'jsonl' });
    await expect(output.write('a', result(1))).rejects.toThrow(
      'Cannot write to /dev/full: the disk is full.',
    );
  },
);
