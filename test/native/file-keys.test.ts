/** Keys that a file may have or leave out: vectors follow them, in our own graph and in llama.cpp's context. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { f32Entry, type MetadataEntry, stringEntry, u32Entry } from '../../lib/gguf/index.js';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { type Pieces, putTogether, takeApart } from '../mutation/pieces.js';
import { cosineDistance } from './fixtures.js';
import { contentTokens } from './strategy-models.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** A model with these keys in place of its own, and without others. */
function file(
  model: SpecName,
  keys: readonly MetadataEntry[],
  { without = [''], factors = {} } = {},
): string {
  const pieces = takeApart(readFileSync(modelPath(model)));
  const replaced = new Set([...without, ...keys.map(({ key }) => key)]);
  pieces.metadata = [...pieces.metadata.filter(({ key }) => !replaced.has(key)), ...keys];
  for (const [name, values] of Object.entries<readonly number[]>(factors)) addFactors(pieces, name, values);
  const path = join(folder, `${files++}.gguf`);
  writeFileSync(path, putTogether(pieces));
  return path;
}

function addFactors(pieces: Pieces, name: string, values: readonly number[]): void {
  const start = Math.ceil(pieces.data.length / 32) * 32;
  const data = Buffer.alloc(start + Math.ceil((4 * values.length) / 32) * 32);
  data.set(pieces.data);
  data.set(new Uint8Array(Float32Array.from(values).buffer), start);
  pieces.data = data;
  pieces.tensors.push({ name, shape: [BigInt(values.length)], type: 0, offset: BigInt(start) });
}

type Engine = 'graph' | 'llama_context';

async function load(path: string, engine: Engine = 'graph'): Promise<EmbeddingModel> {
  if (engine === 'llama_context') process.env['LONGEMBED_ENGINE'] = engine;
  const loading = EmbeddingModel.load(path, {
    backend: 'cpu',
    threads: 1,
    preset: false,
    onWarning: () => undefined,
  });
  return loading.finally(() => delete process.env['LONGEMBED_ENGINE']);
}

/** Vectors of texts of so many tokens, embedded one after the other. */
async function vectors(path: string, lengths: readonly number[], engine?: Engine): Promise<Float32Array[]> {
  await using model = await load(path, engine);
  const all: Float32Array[] = [];
  const extend = Math.max(...lengths) > 64 ? 'none:2k,attention-scale=off' : 'none';
  for (const length of lengths) {
    all.push((await model.embed(contentTokens(length - 2), { extend })).embedding);
  }
  return all;
}

function distance(some: readonly Float32Array[], others: readonly Float32Array[]): number {
  return Math.max(...some.map((vector, i) => cosineDistance(vector, others[i]!)));
}

describe('an encoder attends both ways, whatever attention.causal says', () => {
  it.each(['bert', 'jina-bert-v2', 'jina-bert-v3', 'nomic-bert', 'nomic-bert-moe', 'modern-bert'] as const)(
    '%s',
    async (name) => {
      const key = `${name}.attention.causal`;
      const [expected] = await vectors(modelPath(name), [40]);
      const silent = file(name, [], { without: [key] });
      const wrong = file(name, [{ key, type: 'bool', bytes: Uint8Array.of(1) }]);
      for (const path of [silent, wrong]) expect((await vectors(path, [40]))[0]).toEqual(expected);
      await using model = await load(silent);
      expect(model.info.causal).toBe(false);
    },
  );
});

describe('YaRN as transformers defines it', () => {
  const FACTOR = 4;
  const ORIGINAL = 64;
  const BASE = 10_000;
  const DIMENSIONS = 16;
  const yarn = (keys: Record<string, number> = {}): MetadataEntry[] => [
    stringEntry('llama.rope.scaling.type', 'yarn'),
    f32Entry('llama.rope.scaling.factor', FACTOR),
    u32Entry('llama.rope.scaling.original_context_length', ORIGINAL),
    ...Object.entries(keys).map(([key, value]) => f32Entry(`llama.rope.scaling.yarn_${key}`, value)),
  ];

  /** The same rotation by other keys: a divisor for each frequency, and a factor on cosines and sines. */
  function spelledOut(fast: number, slow: number, attention: number): string {
    const dimension = (turns: number): number =>
      (DIMENSIONS * Math.log(ORIGINAL / (turns * 2 * Math.PI))) / (2 * Math.log(BASE));
    const low = Math.max(0, Math.floor(dimension(fast)));
    const high = Math.min(DIMENSIONS - 1, Math.ceil(dimension(slow)));
    const divisors = Array.from({ length: DIMENSIONS / 2 }, (_, i) => {
      const interpolated = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)));
      return 1 / (interpolated / FACTOR + 1 - interpolated);
    });
    return file('llama', [f32Entry('llama.rope.scaling.attn_factor', attention)], {
      factors: { 'rope_freqs.weight': divisors },
    });
  }

  const OWN = 0.1 * Math.log(FACTOR) + 1;

  it.each<[Record<string, number>, [fast: number, slow: number, attention: number]]>([
    [{}, [32, 1, OWN]],
    [{ attn_factor: 1 }, [32, 1, 1]],
    [{ attn_factor: 1.3 }, [32, 1, 1.3]],
    [{ beta_fast: 1 }, [1, 1, OWN]],
    [{ beta_slow: 0.1 }, [32, 0.1, OWN]],
    [{ attn_factor: 1.3, beta_fast: 1, beta_slow: 0.1, ext_factor: 1 }, [1, 0.1, 1.3]],
    // llama.cpp's own programs write their defaults so
    [{ attn_factor: 1, beta_fast: 32, beta_slow: 1, ext_factor: -1 }, [32, 1, OWN]],
  ])('%o', async (keys, meaning) => {
    const path = file('llama', yarn(keys));
    const computed = await vectors(path, [50, 200]);
    expect(distance(computed, await vectors(spelledOut(...meaning), [50, 200]))).toBeLessThan(1e-10);
    // its cache holds halves
    expect(distance(computed, await vectors(path, [50, 200], 'llama_context'))).toBeLessThan(1e-5);
    const plain = await vectors(file('llama', yarn()), [50, 200]);
    const differs = meaning.join() !== [32, 1, OWN].join();
    expect(distance(computed, plain) > 1e-4).toBe(differs);
  });

  it.each([
    ['beta_fast', 0],
    ['beta_slow', -1],
    ['attn_factor', 0],
    ['ext_factor', 1.5],
  ])('refuses %s = %f', async (key, value) => {
    await expect(load(file('llama', yarn({ [key]: value })))).rejects.toMatchObject({
      code: 'ERR_MODEL_INVALID',
      message: expect.stringContaining(`"llama.rope.scaling.yarn_${key}"`) as string,
    });
  });
});

describe('LongRoPE', () => {
  const model = (original: number): string =>
    file(
      'llama',
      [
        stringEntry('llama.rope.scaling.type', 'longrope'),
        u32Entry('llama.rope.scaling.original_context_length', original),
        u32Entry('llama.context_length', 2048),
      ],
      {
        factors: {
          'rope_factors_long.weight': Array.from({ length: 8 }, (_, i) => 1 + 4 * i),
          'rope_factors_short.weight': Array.from({ length: 8 }, (_, i) => 1 + 0.1 * i),
        },
      },
    );

  it("takes long or short factors by a text's own length", async () => {
    const path = model(256);
    const [alone] = await vectors(path, [100]);
    const [, after] = await vectors(path, [300, 100]);
    expect(after).toEqual(alone);
    await using together = await load(path);
    const documents = [100, 300].map((length) => ({ id: length, tokens: contentTokens(length - 2) }));
    for await (const result of together.embedMany(documents)) {
      if ('embedding' in result && result.id === 100) expect(result.embedding).toEqual(alone);
    }
  });

  it('refuses a short text whose context llama.cpp rounds up beyond the original one', async () => {
    await expect(vectors(model(300), [280])).rejects.toMatchObject({
      code: 'ERR_ARCHITECTURE_UNSUPPORTED',
      message: expect.stringContaining('300 tokens, is no multiple of 256') as string,
    });
  });
});
