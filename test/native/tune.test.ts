/** Gradients of position rows: against PyTorch in float64 (test/oracle/make_tune_fixtures.py) and finite differences. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addon, type NativeModel, type NativeTuneBatch, type NativeTuner } from '../../lib/native/index.js';
import { type ModelSpec, modelPath } from '../../models/random/cached.js';
import { cosineDistance } from './fixtures.js';

interface StoredCase {
  spec: ModelSpec;
  sha256: string;
  pooling: 'mean' | 'cls';
  temperature: number;
  queries: number;
  texts: number[][];
  first: number[];
  start: string;
  vectors: string;
  loss: number;
  gradient: string;
}

const CASES = JSON.parse(
  readFileSync(new URL('../fixtures/tune.json', import.meta.url), 'utf8'),
) as StoredCase[];

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

function load(path: string): Promise<NativeModel> {
  return addon().loadModel(
    path,
    {
      threads: 2,
      backend: 'cpu',
      gpuLayers: 0,
      checkDevice: false,
      mmap: true,
      repack: null,
      precision: 'full',
    },
    null,
  ).promise;
}

function batchOf({
  texts,
  first,
  queries,
}: Pick<StoredCase, 'texts' | 'first' | 'queries'>): NativeTuneBatch {
  const keys = texts.map((text) => text.join());
  return {
    tokens: Int32Array.from(texts.flat()),
    lengths: Int32Array.from(texts, (text) => text.length),
    firstPositions: Int32Array.from(first),
    ids: Int32Array.from(keys, (key) => keys.indexOf(key)),
    queries,
  };
}

async function tunerOf(one: StoredCase, threads = 2): Promise<{ model: NativeModel; tuner: NativeTuner }> {
  const path = modelPath(one.spec);
  const model = await load(path);
  const rows = floats(one.start);
  const frozen = new Uint8Array(rows.length / model.facts.dimensions);
  const { promise } = addon().startTuner(model, { pooling: one.pooling, rows, frozen, threads });
  return { model, tuner: await promise };
}

/** ‖a − b‖ / ‖b‖ */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < b.length; i += 1) {
    error += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    size += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(error / size);
}

describe.each(CASES.map((one, index) => [index, one] as const))('case %i', (index, one) => {
  let model: NativeModel;
  let tuner: NativeTuner;

  beforeAll(async () => {
    expect(
      createHash('sha256')
        .update(readFileSync(modelPath(one.spec)))
        .digest('hex'),
    ).toBe(one.sha256);
    ({ model, tuner } = await tunerOf(one));
  });
  afterAll(() => model.dispose());

  it('has the vectors of PyTorch', async () => {
    const ours = await tuner.embed(batchOf(one)).promise;
    const theirs = floats(one.vectors);
    const { dimensions } = model.facts;
    for (let text = 0; text < one.texts.length; text += 1) {
      const of = (vectors: ArrayLike<number>): Float64Array =>
        Float64Array.from({ length: dimensions }, (_, i) => vectors[text * dimensions + i] ?? NaN);
      expect(cosineDistance(of(ours), of(theirs))).toBeLessThan(1e-11);
    }
  });

  it('has the loss and the gradient of PyTorch', async () => {
    const { loss, gradient } = await tuner.gradient(batchOf(one), one.temperature).promise;
    const error = relativeError(gradient, floats(one.gradient));
    if (process.env['LONGEMBED_TEST_PRINT'] !== undefined) {
      console.log(`case ${index}: loss ${Math.abs(loss / one.loss - 1)}, gradient ${error}`);
    }
    expect(Math.abs(loss / one.loss - 1)).toBeLessThan(1e-5);
    expect(error).toBeLessThan(1e-5);
  });

  it('agrees with finite differences', async () => {
    const batch = batchOf(one);
    const state = await tuner.state().promise;
    const { gradient, gradientNorm } = await tuner.gradient(batch, one.temperature).promise;
    // along the gradient, where the difference is largest beside the rounding of the loss
    const step = 2e-3;
    const lossAt = async (sign: number): Promise<number> => {
      const rows = state.rows.map((value, i) => value + (sign * step * (gradient[i] ?? NaN)) / gradientNorm);
      await tuner.restore({ ...state, rows }).promise;
      return (await tuner.evaluate(batch, one.temperature).promise).loss;
    };
    const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * step);
    await tuner.restore(state).promise;
    expect(Math.abs(slope / gradientNorm - 1)).toBeLessThan(5e-3);
  });
});

describe('the tuner', () => {
  const one = CASES[1]!;

  it('gives the same bits with any number of threads', async () => {
    const batch = batchOf(one);
    const results = [];
    for (const threads of [1, 3]) {
      const { model, tuner } = await tunerOf(one, threads);
      const optimizer = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
      for (let step = 0; step < 3; step += 1) await tuner.step(batch, 0.05, optimizer).promise;
      const { rows, first, second, steps } = await tuner.state().promise;
      results.push({ rows: Buffer.from(rows.buffer), first: Buffer.from(first.buffer), second, steps });
      await model.dispose();
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]!.steps).toBe(3);
    expect(results[0]!.rows.equals(Buffer.from(floats(one.start).buffer))).toBe(false);
  });

  it('leaves frozen rows alone and lowers the loss', async () => {
    const model = await load(modelPath(one.spec));
    const rows = floats(one.start);
    const { dimensions } = model.facts;
    const frozen = Uint8Array.from({ length: rows.length / dimensions }, (_, row) => (row % 2 === 0 ? 1 : 0));
    const tuner = await addon().startTuner(model, { pooling: 'mean', rows, frozen, threads: 2 }).promise;
    const optimizer = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    const losses = [];
    for (let step = 0; step < 8; step += 1) {
      losses.push((await tuner.step(batchOf(one), 0.05, optimizer).promise).loss);
    }
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    const after = (await tuner.state().promise).rows;
    const same = (row: number): boolean =>
      after.slice(row * dimensions, (row + 1) * dimensions).every((v, i) => v === rows[row * dimensions + i]);
    expect(frozen.every((flag, row) => flag === 0 || same(row))).toBe(true);
    expect(frozen.some((flag, row) => flag === 0 && !same(row))).toBe(true);
    await model.dispose();
  });

  it('refuses what it cannot tune, and batches that do not fit', async () => {
    const rope = await load(modelPath('jina-bert-v3'));
    const rows = new Float32Array(rope.facts.dimensions);
    const options = { pooling: 'mean', rows, frozen: new Uint8Array(1), threads: 1 } as const;
    await expect(addon().startTuner(rope, options).promise).rejects.toMatchObject({
      code: 'ERR_ARCHITECTURE_UNSUPPORTED',
    });
    await rope.dispose();
    const { model, tuner } = await tunerOf(one);
    const batch = batchOf(one);
    const beyond = { ...batch, firstPositions: batch.firstPositions.map(() => 127) };
    await expect(tuner.embed(beyond).promise).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    const unknown = { ...batch, tokens: batch.tokens.map(() => 300) };
    await expect(tuner.embed(unknown).promise).rejects.toMatchObject({ code: 'ERR_TOKENIZER' });
    expect(() => tuner.embed({ ...batch, queries: 7 })).toThrow(TypeError);
    const job = tuner.step(batch, 0.05, { rate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0 });
    job.cancel();
    await expect(job.promise).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    tuner.dispose();
    expect(() => tuner.embed(batch)).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
    await model.dispose();
  });
});
