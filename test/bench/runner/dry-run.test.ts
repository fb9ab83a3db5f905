import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dryRun, type DryRun } from '../../../bench/runner/dry-run.js';
import { sampleSpeed } from '../../../bench/runner/workload.js';
import { workOf } from '../../../bench/runner/workload.js';
import { FakeNative } from '../../model/fake-native.js';
import {
  bench,
  DOCUMENTS,
  hooksOf,
  type Log,
  modelFile,
  newFolder,
  numbersTask,
  optionsOf,
  QUERIES,
  type Run,
} from './world.js';

async function dry(given: Run): Promise<DryRun & { log: Log }> {
  const { hooks, log } = hooksOf(given);
  return { ...(await dryRun(optionsOf(given), hooks)), log };
}

describe('dryRun', () => {
  it('counts the work without doing it', async () => {
    const output = newFolder();
    const data = numbersTask([...DOCUMENTS, new Array(40).fill('60').join(' ')], QUERIES);
    const given = { data, output, models: [modelFile()], cache: newFolder(), extend: ['none', 'pcw:32'] };
    const { runs, seconds, log } = await dry(given);
    const tokens =
      [...DOCUMENTS, ...QUERIES].join(' ').split(' ').length + 2 * (DOCUMENTS.length + QUERIES.length);
    const task = { task: 'qmsum', splits: 1, documents: 6, queries: 4, truncated: 1 };
    expect(runs).toMatchObject([
      // "30" is a document, and "20 21" another text than "20".
      { model: 'fake', extend: 'none', target: 16, tasks: [{ ...task, tokens: tokens + 16, ready: 0 }] },
      { model: 'fake', extend: 'pcw:32', target: 32, tasks: [{ ...task, tokens: tokens + 32, ready: 0 }] },
    ]);
    expect(seconds).toBeGreaterThan(0);
    expect(readdirSync(output)).toEqual([]);
    // A sample of the speed was measured; no vector was kept.
    expect(log.computed.length).toBeLessThan(10);

    await bench({ ...given, extend: ['none'] });
    const after = await dry(given);
    expect(after.runs.map(({ tasks }) => tasks[0]!.ready)).toEqual([10, 0]);
    expect(after.runs[0]!.tasks[0]!.seconds).toBe(0);
  });

  it('refuses the same as a run', async () => {
    await expect(dry({ models: ['/nowhere.gguf'] })).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
    await expect(dry({ extend: ['se:32'] })).rejects.toMatchObject({ code: 'ERR_STRATEGY_UNSUPPORTED' });
  });
});

describe('sampleSpeed', () => {
  it('runs longer and longer passes until one takes long enough', async () => {
    const native = new FakeNative({ contextLength: 512, positionRows: 512 });
    const model = await native.open({ preset: false });
    let seconds = 0;
    // A token takes a millisecond.
    native.vector = (tokens) => ((seconds += tokens.length / 1000), [1, 2, 3]);
    const speed = await sampleSpeed(model, ['5', new Array(1000).fill('5').join(' ')], () => seconds * 1000);
    expect(native.batches.map(({ lengths }) => [...lengths])).toEqual([[64], [128], [256], [512]]);
    expect(speed).toBeCloseTo(workOf(model.info, 'none', 512) / 0.512);
    await model.dispose();
  });
});

describe('workOf', () => {
  const shape = {
    parameters: 1_000_000,
    vocabularySize: 1000,
    dimensions: 100,
    layers: 2,
    nativeContext: 512,
    causal: false,
  };

  it('grows with the square of the length, but not for windows, and causal attention is half', () => {
    const attention = (given: Partial<typeof shape>, method: 'none' | 'pcw') =>
      workOf({ ...shape, ...given }, method, 4096) - 4096 * 900_000;
    expect(attention({}, 'none')).toBe(2 * 2 * 100 * 4096 * 4096);
    expect(attention({}, 'pcw')).toBe(2 * 2 * 100 * 4096 * 512);
    expect(attention({ causal: true }, 'none')).toBe(2 * 100 * 4096 * 4096);
  });
});
