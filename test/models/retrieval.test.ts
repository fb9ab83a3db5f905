/** The shipped models on the benchmark's passkey task: within their native context, and at 8 × its length. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runBench, TASKS } from '../../bench/index.js';
import { mainScore } from '../../bench/results/results.js';
import { EmbeddingModel, type Extend, parseExtend } from '../../lib/index.js';
import { modelFile, SHIPPED_MODELS } from '../../lib/package.js';

/** One of each model's best strategies, by models/README.md. */
const STRATEGY = { 'mini-rope': 'se:2k', 'mini-ape': 'gp:2k', 'mini-causal': 'se:2k' } as const;

const folder = mkdtempSync(join(tmpdir(), 'longembed-retrieval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Acc@1 of passkey at a length, for each strategy. */
async function passkey(model: string, length: number, specs: readonly string[]): Promise<number[]> {
  const { runs } = await runBench(
    {
      models: [modelFile(model)],
      extend: specs.map((spec): Extend => parseExtend(spec)),
      tasks: TASKS.filter(({ name }) => name === 'passkey'),
      lengths: [length],
      data: null,
      essays: null,
      seed: 42,
      limit: null,
      cache: join(folder, 'cache'),
      load: {},
      maxTokens: null,
      dimensions: null,
      batchTokens: 1,
      output: join(folder, `${model}-${length}`),
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
  it('finds 95 % of the passkeys within its native context', { timeout: 60_000 }, async () => {
    const [found] = await passkey(model, 256, ['none']);
    expect(found).toBeGreaterThanOrEqual(0.95);
  });

  it(
    'finds 80 % at 8 × its native context with a strategy, and an eighth without',
    { timeout: 120_000 },
    async () => {
      const [cut, extended] = await passkey(model, 2048, ['none', STRATEGY[model]]);
      expect(extended).toBeGreaterThanOrEqual(0.8);
      expect(cut).toBeGreaterThan(0.04);
      expect(cut).toBeLessThan(0.25);
    },
  );
});
