/**
 * What the shipped models find of the benchmark's needles within their native context, and of its passkeys there and at 8 × its length;
 * and that those with RoPE fall beyond it without a strategy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runBench, TASKS } from '../../bench/index.js';
import { mainScore } from '../../bench/results/results.js';
import { EmbeddingModel, type Extend, parseExtend } from '../../lib/index.js';
import { modelFile, SHIPPED_MODELS } from '../../lib/package.js';

/**
 * Of 50 needles in texts of 256 tokens with seed 42, and a strategy that each model takes. The shipped files find 35, 34 and 29;
 * another processor's rounding may cost one.
 */
const MODELS = {
  'mini-rope': { needles: 33, extend: 'se:2k' },
  'mini-ape': { needles: 32, extend: 'gp:2k' },
  'mini-causal': { needles: 28, extend: 'se:2k' },
} as const satisfies Record<(typeof SHIPPED_MODELS)[number], { needles: number; extend: string }>;

const folder = mkdtempSync(join(tmpdir(), 'longembed-retrieval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Acc@1 of a task at a length, for each strategy; `limit` is the number of documents. */
async function accuracy(
  task: string,
  model: string,
  length: number,
  specs: readonly string[],
  limit: number | null = null,
): Promise<number[]> {
  const { runs } = await runBench(
    {
      models: [modelFile(model)],
      extend: specs.map((spec): Extend => parseExtend(spec)),
      tasks: TASKS.filter(({ name }) => name === task),
      lengths: [length],
      data: null,
      essays: null,
      seed: 42,
      limit,
      cache: join(folder, 'cache'),
      load: {},
      maxTokens: null,
      dimensions: null,
      batchTokens: 1,
      output: join(folder, `${model}-${task}-${length}`),
      overwrite: true,
    },
    {
      loadModel: (path, options) => EmbeddingModel.load(path, options),
      signal: new AbortController().signal,
      onWait: () => undefined,
      onMessage: () => undefined,
      onWarning: () => undefined,
      onProgress: () => undefined,
      onTask: () => undefined,
    },
  );
  return runs.flatMap(({ tasks }) =>
    tasks.flatMap((task) => task.splits.map((split) => mainScore(task, split))),
  );
}

describe.each(SHIPPED_MODELS)('%s', (model) => {
  const { needles, extend } = MODELS[model];

  it('finds its needles within its native context', { timeout: 60_000 }, async () => {
    const [found = 0] = await accuracy('needle', model, 256, ['none']);
    expect(Math.round(found * 50)).toBeGreaterThanOrEqual(needles);
  });

  it('finds 95 % of the passkeys within its native context', { timeout: 60_000 }, async () => {
    const [found] = await accuracy('passkey', model, 256, ['none']);
    expect(found).toBeGreaterThanOrEqual(0.95);
  });

  it(
    'finds 80 % at 8 × its native context with a strategy, and an eighth without',
    { timeout: 120_000 },
    async () => {
      const [cut, extended] = await accuracy('passkey', model, 2048, ['none', extend]);
      expect(extended).toBeGreaterThanOrEqual(0.8);
      expect(cut).toBeGreaterThan(0.04);
      expect(cut).toBeLessThan(0.25);
    },
  );
});

/**
 * In texts of 1,024 tokens, Acc@1 that a model stays below without a strategy and above with one. The shipped files have 11 % of 27
 * needles, and 41 % with a strategy, or 12 and 100 % of 25 passkeys; two finds or more lie between those and what is asked here.
 */
const FALLS = [
  { model: 'mini-rope', task: 'needle', below: 0.25, extend: ['gp:1k', 'se:1k'], above: 0.3 },
  { model: 'mini-causal', task: 'passkey', below: 0.25, extend: ['se:1k'], above: 0.9 },
] as const;

describe.each(FALLS)('$model at 4 × its native context', ({ model, task, below, extend, above }) => {
  it('falls without a strategy, and recovers with one', { timeout: 120_000 }, async () => {
    const [plain, ...extended] = await accuracy(task, model, 1024, ['none:1k', ...extend], 50);
    expect(plain).toBeLessThan(below);
    expect(extended).toHaveLength(extend.length);
    for (const found of extended) expect(found).toBeGreaterThan(above);
  });
});
