/** A model with quantized weights gives the vectors of its F32 twin, whose weights are the same numbers written out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddingModel, type ManyResult } from '../../lib/index.js';
import { type ModelSpec, modelPath } from '../../models/random/cached.js';
import { type Architecture, NAMED_SPECS, ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { fillNormal, words } from '../../models/random/random.js';
import { encode, type TensorType } from '../../models/random/tensor-types.js';
import { cosineDistance, drawTokenIds } from './fixtures.js';
import { dequantize, writeTwin } from './dequantize.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-quantized-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Root mean square error of each type, relative to normally distributed numbers. */
const ERRORS: [TensorType, number][] = [
  ['F16', 3e-4],
  ['BF16', 2.5e-3],
  ['Q8_0', 0.006],
  ['Q6_K', 0.02],
  ['Q4_K', 0.08],
];

describe('encoding and decoding', () => {
  it.each(ERRORS)('%s loses no more than its bits allow', (type, limit) => {
    const numbers = new Float32Array(256 * 64);
    fillNormal(numbers, words(1, type), 1);
    const decoded = dequantize(type, encode(type, numbers));
    const error = Math.sqrt(numbers.reduce((sum, x, i) => sum + (x - decoded[i]!) ** 2, 0) / numbers.length);
    expect(error).toBeLessThan(limit);
    expect(error).toBeGreaterThan(limit / 3);
  });
});

const STORED = {
  F16: ['F16'],
  BF16: ['BF16'],
  Q8_0: ['Q8_0'],
  Q4_K_M: ['Q4_K', 'Q6_K'],
} as const;
type Type = keyof typeof STORED;

/**
 * 1 − cosine that the order of additions may make (measured: 4e-13 at most). Activations that were rounded to the weights'
 * type on the way would show: 1e-8 and more for F16, 1e-5 for blocks of 8 bits.
 */
const LIMIT = 1e-10;

const EXTENDED = ['pcw:512', 'gp:512', 'rp:512', 'pi:512', 'ntk:512', 'se:512'];
const RUNS = [
  { extend: 'none', lengths: [1, 60] },
  ...EXTENDED.map((extend) => ({ extend, lengths: [62, 200, 509] })),
];

const text = (length: number): Int32Array => drawTokenIds(length, length, { low: 300, high: 900 });

const load = (path: string): Promise<EmbeddingModel> =>
  EmbeddingModel.load(path, { backend: 'cpu', threads: 2, preset: false, onWarning: () => undefined });

const specOf = (arch: Architecture, type: Type | 'F32'): ModelSpec => ({
  ...NAMED_SPECS[`quantize-${arch}`],
  type,
});

// llama.cpp's context, which runs the others, rounds activations to the weights' type.
const RUNS_OF_MODELS = ARCHITECTURE_NAMES.flatMap((arch) =>
  (Object.keys(STORED) as Type[]).map((type) => ({ arch, type })),
);

describe.each(RUNS_OF_MODELS)('$arch in $type', ({ arch, type }) => {
  it('gives the vectors of its F32 twin, one text at a time and in a batch', async () => {
    const path = modelPath(specOf(arch, type));
    const twinPath = join(folder, `${arch}-${type}.gguf`);
    expect(await writeTwin(path, twinPath)).toEqual(STORED[type]);

    await using quantized = await load(path);
    await using twin = await load(twinPath);
    const methods = twin.info.strategies.flatMap(({ method, supported }) => (supported ? [method] : []));
    for (const { extend, lengths } of RUNS) {
      if (!methods.some((method) => extend.split(':')[0] === method)) continue;
      const documents = lengths.map((length) => ({ tokens: text(length) }));
      const expected = await Promise.all(documents.map(({ tokens }) => twin.embed(tokens, { extend })));
      const alone = await Promise.all(documents.map(({ tokens }) => quantized.embed(tokens, { extend })));
      const batch: ManyResult[] = [];
      for await (const result of quantized.embedMany(documents, { extend })) batch.push(result);
      for (const [i, { embedding }] of expected.entries()) {
        const together = batch[i]!;
        if ('error' in together) throw together.error;
        for (const got of [alone[i]!.embedding, together.embedding]) {
          expect(cosineDistance(got, embedding), `${extend} n ${lengths[i]}`).toBeLessThanOrEqual(LIMIT);
        }
      }
    }
  });
});

it('would notice weights of another type', async () => {
  const vectorIn = async (type: Type | 'F32'): Promise<Float32Array> => {
    await using model = await load(modelPath(specOf('llama', type)));
    return (await model.embed(text(200), { extend: 'se:512' })).embedding;
  };
  const exact = await vectorIn('F32');
  for (const type of Object.keys(STORED) as Type[]) {
    expect(cosineDistance(await vectorIn(type), exact), type).toBeGreaterThan(100 * LIMIT);
  }
});
