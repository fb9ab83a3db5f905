/** Files with a strategy in them. That stock llama.cpp agrees is what against-llama-cpp.ts shows, by hand. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { halfToNumber } from '../../lib/extend-file/interpolate.js';
import { fileFacts, metadataOf } from '../../lib/extend-file/file-facts.js';
import { F32, f32Entry, GgufFile, scalarOf, stringEntry, u32Entry } from '../../lib/gguf/index.js';
import { EmbeddingModel, extendModelFile, formatExtend, parseExtend } from '../../lib/index.js';
import { toHalf } from '../../models/random/tensor-types.js';
import { cosineDistance } from '../native/fixtures.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { changedModel, content, extended, folder, newPath, withPositionType } from './helpers.js';

/** Everything that a file says, and its tensors' bytes. */
async function inside(path: string) {
  await using file = await GgufFile.open(path);
  const { metadata, tensors } = file.header;
  const bytes = new Map<string, Buffer>();
  for (const tensor of tensors) bytes.set(tensor.name, Buffer.from(await file.read(tensor)));
  return {
    metadata,
    tensors,
    bytes,
    value: (key: string) => {
      const entry = metadata.find((one) => one.key === key);
      return entry === undefined ? undefined : scalarOf(entry);
    },
  };
}

/** The worst 1 − cosine between the file as it is and the strategy on the original. */
async function worst(
  input: string,
  { path, spec, nativeContext, contextLength }: Awaited<ReturnType<typeof extended>>,
): Promise<number> {
  await using original = await EmbeddingModel.load(input, { nativeContext, backend: 'cpu' });
  await using file = await EmbeddingModel.load(path, { backend: 'cpu' });
  const { prefix, suffix } = original.info.specialTokens;
  const around = prefix.length + suffix.length;
  let distance = 0;
  for (const n of [nativeContext + 1, 2 * nativeContext + 1, contextLength]) {
    const tokens = content(n - around, n);
    const options = { normalize: false };
    const ours = await original.embed(tokens, { ...options, extend: spec });
    const theirs = await file.embed(tokens, { ...options, extend: 'none' });
    expect([ours.tokens, theirs.tokens]).toEqual([n, n]);
    distance = Math.max(distance, cosineDistance(ours.embedding, theirs.embedding));
    // A file that changed nothing would not do.
    const plain = await original.embed(tokens, { ...options, extend: 'pcw:1k' });
    expect(cosineDistance(plain.embedding, theirs.embedding)).toBeGreaterThan(1e-4);
  }
  return distance;
}

describe('a file gives the vectors of its strategy', () => {
  it.each<[SpecName, string, number?]>([
    ['bert', 'pi:512'],
    ['bert', 'pi:500,s=8.3'],
    ['bert', 'gp:512'],
    ['bert', 'gp:300,s=7'],
    ['bert', 'rp:500'],
    ['bert-rows', 'pi:1k', 256],
    ['bert-rows', 'gp:1k', 256],
    ['bert-rows', 'rp:1k', 256],
    ['jina-bert-v3', 'ntk:512'],
    ['jina-bert-v3', 'ntk:512,lambda=3.3'],
    ['jina-bert-v3', 'pi:500,s=8.3'],
    ['nomic-bert', 'ntk:512'],
    ['nomic-bert', 'pi:512'],
    ['nomic-bert-moe', 'ntk:512'],
    ['llama', 'ntk:512'],
    ['llama', 'pi:512'],
    ['llama', 'pi:512', 32],
  ])('%s with %s, native context %s', async (name, extend, nativeContext) => {
    const input = modelPath(name);
    const written = await extended(input, extend, { nativeContext });
    expect(await worst(input, written)).toBeLessThan(1e-12);
  });

  it('also when the file already scales its RoPE', async () => {
    const input = await changedModel(modelPath('llama'), [
      stringEntry('llama.rope.scaling.type', 'linear'),
      f32Entry('llama.rope.scaling.factor', 2),
    ]);
    const written = await extended(input, 'pi:512');
    expect((await inside(written.path)).value('llama.rope.scaling.factor')).toBe(16);
    expect(await worst(input, written)).toBeLessThan(1e-12);
  });

  it.each(['F16', 'BF16'] as const)('also where the position matrix is %s', async (type) => {
    const input = await withPositionType(modelPath('bert'), type);
    const before = (await inside(input)).tensors.find(({ name }) => name === 'position_embd.weight')!;
    for (const [extend, after] of [
      ['pi:512', F32],
      ['gp:512', before.type],
      ['rp:512', before.type],
      ['pi:64', before.type],
    ] as const) {
      const written = await extended(input, extend);
      const { tensors } = await inside(written.path);
      const matrix = tensors.find(({ name }) => name === 'position_embd.weight')!;
      expect({ extend, type: matrix.type, shape: matrix.shape }).toEqual({
        extend,
        type: after,
        shape: [64, written.contextLength],
      });
      if (written.contextLength > 64) expect(await worst(input, written)).toBeLessThan(1e-12);
    }
  });

  it('short texts differ with pi, as its note says, and not with rp or ntk', async () => {
    for (const [name, extend, differs] of [
      ['bert', 'pi:512', true],
      ['bert', 'gp:512', true],
      ['bert', 'rp:512', false],
      ['llama', 'pi:512', true],
      ['llama', 'ntk:512', false],
    ] as const) {
      const input = modelPath(name);
      const { path, spec, notes } = await extended(input, extend);
      await using original = await EmbeddingModel.load(input, { backend: 'cpu' });
      await using file = await EmbeddingModel.load(path, { backend: 'cpu' });
      const ours = await original.embed(content(20), { extend: spec });
      const theirs = await file.embed(content(20));
      const distance = cosineDistance(ours.embedding, theirs.embedding);
      if (differs) expect(distance).toBeGreaterThan(1e-4);
      else expect(distance).toBeLessThan(1e-12);
      expect(notes.some((note) => note.startsWith('Texts of up to 64 tokens'))).toBe(differs);
    }
  });
});

describe('what a file holds', () => {
  it('is the original, byte for byte, except for the position matrix and a few keys', async () => {
    const input = modelPath('bert');
    const { path, sizeBytes } = await extended(input, 'pi:512');
    const [before, after] = [await inside(input), await inside(path)];
    expect(readFileSync(path).length).toBe(sizeBytes);
    expect(after.tensors.map(({ name }) => name)).toEqual(before.tensors.map(({ name }) => name));
    for (const [name, bytes] of before.bytes) {
      expect(after.bytes.get(name)!.equals(bytes), name).toBe(name !== 'position_embd.weight');
    }
    const own = [
      'longembed.extend.spec',
      'longembed.extend.native_context',
      'longembed.extend.original_context_length',
      'longembed.extend.version',
    ];
    expect(after.metadata.map(({ key }) => key)).toEqual([...before.metadata.map(({ key }) => key), ...own]);
    for (const [i, entry] of before.metadata.entries()) {
      if (entry.key !== 'bert.context_length') expect(after.metadata[i]).toEqual(entry);
    }
    expect(after.value('bert.context_length')).toBe(512);
    expect(own.slice(0, 3).map(after.value)).toEqual(['pi:512,s=8,attention-scale=off', 64, 64]);
    expect(after.value('longembed.extend.version')).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('is rows of the matrix', async () => {
    const input = modelPath('bert');
    const columns = 64;
    const rows = (bytes: Buffer, i: number) => bytes.subarray(i * columns * 4, (i + 1) * columns * 4);
    const old = (await inside(input)).bytes.get('position_embd.weight')!;
    const matrix = async (extend: string) =>
      (await inside((await extended(input, extend)).path)).bytes.get('position_embd.weight')!;
    const [gp, rp, pi] = [await matrix('gp:300,s=5'), await matrix('rp:300'), await matrix('pi:256')];
    for (const i of [0, 1, 4, 5, 63, 64, 255, 299]) {
      expect(rows(gp, i).equals(rows(old, Math.floor(i / 5))), `gp ${i}`).toBe(true);
      expect(rows(rp, i).equals(rows(old, i % 64)), `rp ${i}`).toBe(true);
    }
    const number = (bytes: Buffer, i: number) => bytes.readFloatLE(i * columns * 4 + 8);
    expect(number(pi, 8)).toBe(number(old, 2));
    expect(number(pi, 9)).toBeCloseTo(0.75 * number(old, 2) + 0.25 * number(old, 3), 6);
    // Past the last row, the last row.
    expect([253, 254, 255].map((i) => number(pi, i))).toEqual([0, 0, 0].map(() => number(old, 63)));
  });

  it('is RoPE keys, and all tensors as they were', async () => {
    const input = modelPath('nomic-bert');
    const before = await inside(input);
    const ntk = await inside((await extended(input, 'ntk:512,lambda=10')).path);
    expect(ntk.value('nomic-bert.rope.freq_base')).toBe(10_000);
    expect(ntk.value('nomic-bert.rope.scaling.factor')).toBeUndefined();
    expect(ntk.value('longembed.extend.spec')).toBe('ntk:512,lambda=10,attention-scale=off');
    const pi = await inside((await extended(input, 'pi:512')).path);
    expect(pi.value('nomic-bert.rope.freq_base')).toBe(1000);
    expect(pi.value('nomic-bert.rope.scaling.type')).toBe('linear');
    expect(pi.value('nomic-bert.rope.scaling.factor')).toBe(8);
    for (const after of [ntk, pi]) {
      expect(after.value('nomic-bert.context_length')).toBe(512);
      for (const [name, bytes] of before.bytes) expect(after.bytes.get(name)!.equals(bytes), name).toBe(true);
    }
  });

  it("keeps YaRN's original context", async () => {
    const input = await changedModel(modelPath('llama'), [stringEntry('llama.rope.scaling.type', 'yarn')]);
    const { value } = await inside((await extended(input, 'ntk:512')).path);
    expect(value('llama.rope.scaling.original_context_length')).toBe(64);
    await expect(extended(input, 'pi:512')).rejects.toMatchObject({
      code: 'ERR_STRATEGY_UNSUPPORTED',
      message: expect.stringContaining('yarn') as string,
    });
  });
});

describe('an extended file in longembed', () => {
  it('has the context it was made for, and says how', async () => {
    const { path } = await extended(modelPath('bert-rows'), 'rp:1k', { nativeContext: 256 });
    await using model = await EmbeddingModel.load(path, { backend: 'cpu' });
    expect(model.info).toMatchObject({
      nativeContext: 1024,
      nativeContextSource: 'file',
      positionRows: 1024,
      extended: { spec: 'rp:1k,attention-scale=off', nativeContext: 256, originalContext: 2048 },
    });
  });

  it('is not extended again', async () => {
    const { path } = await extended(modelPath('bert'), 'rp:128');
    await expect(extended(path, 'rp:256')).rejects.toMatchObject({
      code: 'ERR_MODEL_INVALID',
      message: expect.stringContaining(
        '(rp:128,attention-scale=off): extend the original instead.',
      ) as string,
    });
  });

  it('is read from its header as the native side reads it', async () => {
    for (const name of [...ARCHITECTURE_NAMES, 'bert-bare', 'llama-text'] as const) {
      const path = modelPath(name);
      await using file = await GgufFile.open(path);
      const facts = fileFacts(file.header, metadataOf(file));
      await using model = await EmbeddingModel.load(path, { backend: 'cpu' });
      const { metadata, ...shape } = facts;
      expect({ ...model.info, contextLength: model.info.fileContext }, name).toMatchObject(shape);
      expect(metadata['general.name']).toBe(model.info.name);
    }
  });
});

describe('what a file cannot hold is refused', () => {
  it.each<[SpecName, string, string]>([
    ['bert', 'none', 'A GGUF file cannot hold none'],
    ['bert', 'pcw:1k', 'A GGUF file cannot hold pcw'],
    ['bert', 'se:1k', 'This model does not support se'],
    ['bert', 'ntk:1k', 'This model does not support ntk'],
    ['llama', 'none:1k', 'A GGUF file cannot hold none'],
    ['llama', 'pcw:1k', 'A GGUF file cannot hold pcw'],
    ['llama', 'gp:1k', 'A GGUF file cannot hold gp: other programs rotate token i by position i'],
    ['jina-bert-v3', 'rp:1k', 'A GGUF file cannot hold rp'],
    ['jina-bert-v3', 'se:1k', 'A GGUF file cannot hold se'],
    ['jina-bert-v2', 'pi:1k', 'This model does not support pi'],
    ['jina-bert-v2', 'pcw:1k', 'A GGUF file cannot hold pcw'],
    ['bert', 'pi:1k,attention-scale=length', 'A GGUF file has no place for attention scaling'],
  ])('%s, %s', async (name, extend, message) => {
    const output = newPath();
    await expect(extendModelFile(modelPath(name), output, { extend })).rejects.toMatchObject({
      code: 'ERR_STRATEGY_UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`^${message}.*\\.$`)) as string,
    });
    expect(existsSync(output)).toBe(false);
  });

  it('a quantized position matrix between its rows, but not its rows', async () => {
    const q8 = 8;
    const input = await changedModel(modelPath('bert'), [], (source) =>
      source.name === 'position_embd.weight'
        ? { ...source, type: q8, byteLength: 64 * 68, data: () => [Buffer.alloc(64 * 68, 'rows')] }
        : source,
    );
    await expect(extended(input, 'pi:512')).rejects.toMatchObject({ code: 'ERR_STRATEGY_UNSUPPORTED' });
    const { tensors } = await inside((await extended(input, 'gp:512')).path);
    expect(tensors.find(({ name }) => name === 'position_embd.weight')).toMatchObject({
      type: q8,
      byteLength: 512 * 68,
    });
  });

  it('RoPE of layers with a sliding window, and a part of a split model', async () => {
    const window = await changedModel(modelPath('llama'), [u32Entry('llama.attention.sliding_window', 32)]);
    await expect(extended(window, 'ntk:512')).rejects.toMatchObject({ code: 'ERR_STRATEGY_UNSUPPORTED' });
    const part = await changedModel(modelPath('llama'), [u32Entry('split.count', 3)]);
    await expect(extended(part, 'ntk:512')).rejects.toMatchObject({
      code: 'ERR_MODEL_INVALID',
      message: expect.stringContaining('llama-gguf-split --merge') as string,
    });
  });
});

describe('impossible requests are errors, and leave nothing behind', () => {
  const input = modelPath('bert');
  const existing = join(folder, 'existing.gguf');
  writeFileSync(existing, 'something');
  const link = join(folder, 'link.gguf');
  symlinkSync(input, link);

  it.each<[string, unknown, unknown, unknown, RegExp]>([
    ['no strategy', input, newPath(), {}, /The option extend is undefined/],
    ['an unknown option', input, newPath(), { extend: 'rp', fast: true }, /The option fast is not known/],
    ['an unknown strategy', input, newPath(), { extend: 'xp:4k' }, /Unknown strategy "xp"/],
    [
      'a broken object',
      input,
      newPath(),
      { extend: { method: 'rp', attentionScale: 'up' } },
      /attentionScale is "up"/,
    ],
    ['a target below the native context', input, newPath(), { extend: 'rp:32' }, /target is 32/],
    ['an s that does not reach', input, newPath(), { extend: 'pi:512,s=2' }, /s is 2/],
    [
      'a native context past the rows',
      input,
      newPath(),
      { extend: 'rp', nativeContext: 65 },
      /nativeContext is 65/,
    ],
    ['an unknown preset', input, newPath(), { extend: 'rp', preset: 'e6' }, /"e6"/],
    ['no output', input, '', { extend: 'rp' }, /The output is ""/],
    ['no input', 7, newPath(), { extend: 'rp' }, /The input is 7/],
    ['the input itself', input, input, { extend: 'rp', overwrite: true }, /same file as the input/],
    ['the input by another name', input, link, { extend: 'rp', overwrite: true }, /same file as the input/],
    ['an output that exists', input, existing, { extend: 'rp' }, /exists: name another/],
    ['a folder', input, folder, { extend: 'rp', overwrite: true }, /it is a directory/],
    [
      'a folder that is not there',
      input,
      join(folder, 'no', 'x.gguf'),
      { extend: 'rp' },
      /its directory does not exist/,
    ],
  ])('%s', async (_what, from, to, options, message) => {
    const before = readdirSync(folder);
    await expect(
      extendModelFile(from as string, to as string, options as { extend: string }),
    ).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('replaces a file when allowed', async () => {
    const old = join(folder, 'old.gguf');
    writeFileSync(old, 'something');
    await extendModelFile(input, old, { extend: 'rp:128', overwrite: true });
    expect((await inside(old)).value('bert.context_length')).toBe(128);
  });

  it('stops when told to, and when onProgress throws', async () => {
    const place = join(folder, 'stopped');
    mkdirSync(place);
    const output = join(place, 'out.gguf');
    const stop = new AbortController();
    const fractions: number[] = [];
    await expect(
      extendModelFile(input, output, {
        extend: 'rp:128',
        signal: stop.signal,
        onProgress: (fraction) => {
          fractions.push(fraction);
          expect(readdirSync(place)).toHaveLength(1);
          if (fraction > 0.5) stop.abort(new Error('enough'));
        },
      }),
    ).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: new Error('enough') });
    expect(fractions.at(-1)).toBeLessThan(1);
    const error = new Error('from the caller');
    await expect(
      extendModelFile(input, output, {
        extend: 'rp:128',
        onProgress: () => {
          throw error;
        },
      }),
    ).rejects.toBe(error);
    expect(readdirSync(dirname(output))).toEqual([]);
  });

  it('reports progress up to 1', async () => {
    const fractions: number[] = [];
    await extended(input, 'rp:128', { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });
});

it('reads half precision', () => {
  for (const value of [0, -0, 1, -2.5, 65504, 2 ** -24, -(2 ** -14), 3 * 2 ** -20, Infinity, NaN]) {
    expect(halfToNumber(toHalf(value))).toBe(value);
  }
});

it('records specs that longembed reads', async () => {
  for (const extend of ['pi:200', 'gp:200', 'rp:200']) {
    const { spec } = await extended(modelPath('bert'), parseExtend(extend));
    expect(formatExtend(parseExtend(spec))).toBe(spec);
  }
});
