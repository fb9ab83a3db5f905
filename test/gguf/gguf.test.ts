/** Reading and writing GGUF: nothing is lost, and no file, however broken, does more than throw. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidGguf, MoreNeeded, parseHeader } from '../../lib/gguf/parse.js';
import { type MetadataEntry, VALUE_TYPES, type ValueType, tensorBytes } from '../../lib/gguf/format.js';
import {
  arrayLengthOf,
  f32Entry,
  type GgufContent,
  GgufFile,
  ggufPieces,
  ggufSize,
  scalarOf,
  stringEntry,
  u32Entry,
} from '../../lib/gguf/index.js';
import { modelPath } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-gguf-'));

async function bytesOf(content: GgufContent): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  // A piece is good only until the next one.
  for await (const piece of ggufPieces(content)) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

function contentOf(file: GgufFile): GgufContent {
  const { tensors, ...header } = file.header;
  return { ...header, tensors: tensors.map((tensor) => ({ ...tensor, data: () => file.dataOf(tensor) })) };
}

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const content = (more: Partial<GgufContent> = {}): GgufContent => ({
  version: 3,
  alignment: 32,
  metadata: [stringEntry('general.architecture', 'bert'), u32Entry('bert.context_length', 8)],
  tensors: [],
  ...more,
});

describe('a file that is read and written', () => {
  it.each(ARCHITECTURE_NAMES)('is the same bytes: %s', async (name) => {
    const path = modelPath(name);
    await using file = await GgufFile.open(path);
    const whole = contentOf(file);
    const bytes = await bytesOf(whole);
    expect(bytes.equals(readFileSync(path))).toBe(true);
    expect(ggufSize(whole)).toBe(bytes.length);
  });

  it('keeps values of every type, also unusual ones', async () => {
    const values: [ValueType, number[]][] = [
      ['u8', [255]],
      ['i8', [0x80]],
      ['u16', [0xff, 0xff]],
      ['i16', [0, 0x80]],
      ['u32', [255, 255, 255, 255]],
      ['i32', [0, 0, 0, 0x80]],
      // A NaN with a payload, a true that is 2, a text that is not UTF-8.
      ['f32', [1, 2, 0xc0, 0x7f]],
      ['bool', [2]],
      ['string', [3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0]],
      ['u64', [255, 255, 255, 255, 255, 255, 255, 255]],
      ['i64', [1, 0, 0, 0, 0, 0, 0, 0x80]],
      ['f64', [1, 2, 3, 4, 5, 6, 0xf8, 0x7f]],
      ['array', [VALUE_TYPES.u16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
      ['array', [VALUE_TYPES.string, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ];
    const metadata = values.map(([type, bytes], i): MetadataEntry => ({
      key: `key ${i}`,
      type,
      bytes: Uint8Array.from(bytes),
    }));
    const bytes = await bytesOf(content({ metadata, version: 2 }));
    const header = parseHeader(bytes, bytes.length);
    expect(header.version).toBe(2);
    expect(header.metadata.map(({ type, bytes: value }) => [type, [...value]])).toEqual(values);
    expect(header.metadata.map(scalarOf)).toEqual([
      255,
      -128,
      65535,
      -32768,
      4294967295,
      -2147483648,
      NaN,
      true,
      '\ufffd\ufffd\0',
      2n ** 64n - 1n,
      1n - 2n ** 63n,
      NaN,
      null,
      null,
    ]);
    expect(header.metadata.slice(-2).map(arrayLengthOf)).toEqual([2, 0]);
  });

  it('keeps an alignment of its own', async () => {
    const tensors = ['a', 'b'].map((name) => ({
      name,
      shape: [3],
      type: 0,
      byteLength: 12,
      data: () => [Buffer.from('abcdefghijkl')],
    }));
    const metadata = [u32Entry('general.alignment', 256), f32Entry('x', 0.1)];
    const path = written('aligned.gguf', await bytesOf(content({ alignment: 256, metadata, tensors })));
    await using file = await GgufFile.open(path);
    expect(file.header.tensors.map(({ offset }) => offset % 256)).toEqual([0, 0]);
    expect(file.header.tensors[1]!.offset - file.header.tensors[0]!.offset).toBe(256);
    expect(Buffer.from(await file.read(file.header.tensors[1]!)).toString()).toBe('abcdefghijkl');
    expect((await bytesOf(contentOf(file))).equals(readFileSync(path))).toBe(true);
  });

  it('may have a header of many megabytes', async () => {
    const long = stringEntry('general.description', 'x'.repeat(9_000_000));
    const path = written('long.gguf', await bytesOf(content({ metadata: [long] })));
    await using file = await GgufFile.open(path);
    expect(scalarOf(file.header.metadata[0]!)).toHaveLength(9_000_000);
  });
});

describe('a damaged file', () => {
  const good = readFileSync(modelPath('bert'));

  it.each<[string, Uint8Array, string]>([
    ['empty', Buffer.alloc(0), 'it is empty.'],
    ['foreign', Buffer.from('not a model at all'), 'it does not begin with "GGUF".'],
    [
      'big-endian',
      Buffer.from('GGUF\0\0\0\x03'),
      'it is big-endian; only little-endian files can be extended.',
    ],
    [
      'too old',
      Buffer.from('GGUF\x01\0\0\0'),
      'it is of GGUF version 1; only versions 2 and 3 can be extended.',
    ],
    ['cut off in its header', good.subarray(0, 1000), 'it is cut short: it ends within its header.'],
    [
      'cut off in its data',
      good.subarray(0, -1),
      'it is cut short: its tensor "blk.3.layer_output_norm.bias" ends',
    ],
  ])('is refused: %s', async (name, bytes, why) => {
    const path = written(`${name}.gguf`, bytes);
    await expect(GgufFile.open(path)).rejects.toMatchObject({
      code: 'ERR_MODEL_INVALID',
      message: expect.stringContaining(`"${path}" is not a usable model file: ${why}`) as string,
    });
  });

  it('is refused where a key or a tensor comes twice', async () => {
    const entry = u32Entry('bert.context_length', 8);
    const key = await bytesOf(content({ metadata: [entry, entry] }));
    expect(() => parseHeader(key, key.length)).toThrow('it has the key "bert.context_length" twice.');
    const tensor = { name: 'a', shape: [1], type: 0, byteLength: 4, data: () => [Buffer.alloc(4)] };
    const twice = await bytesOf(content({ tensors: [tensor, tensor] }));
    expect(() => parseHeader(twice, twice.length)).toThrow('it has the tensor "a" twice.');
  });

  it('that is missing or a folder is not found', async () => {
    await expect(GgufFile.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
    await expect(GgufFile.open(folder)).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
  });

  it('never does more than throw', () => {
    // The vocabulary is long and uniform: mutate the beginning of the header.
    const end = good.indexOf('tokenizer.ggml.tokens') + 200;
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(end), byte: fc.nat(255) }), { maxLength: 4 }),
        fc.nat(end),
        fc.boolean(),
        (changes, length, isWhole) => {
          const bytes = Buffer.from(good.subarray(0, length));
          for (const { at, byte } of changes) if (at < length) bytes[at] = byte;
          try {
            parseHeader(bytes, isWhole ? length : good.length);
          } catch (error) {
            expect(error instanceof InvalidGguf || error instanceof MoreNeeded).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

it.skipIf(process.platform === 'win32')(
  'refuses a pipe instead of waiting for who writes into it (not on Windows)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'longembed-pipe-'));
    const path = join(folder, 'model.gguf');
    execFileSync('mkfifo', [path]);
    await expect(GgufFile.open(path)).rejects.toMatchObject({
      code: 'ERR_MODEL_NOT_FOUND',
      message: `"${path}" is not a regular file. Give the path of a GGUF file.`,
    });
    rmSync(folder, { recursive: true });
  },
);

it('knows the size of tensors', () => {
  expect(tensorBytes(0, [3, 5])).toBe(60);
  expect(tensorBytes(8, [64, 5])).toBe(5 * 68);
  expect(tensorBytes(12, [512, 2, 3])).toBe(2 * 144 * 6);
  expect(tensorBytes(12, [100])).toBeNull();
  expect(tensorBytes(4, [32])).toBeNull();
});
