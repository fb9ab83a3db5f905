import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { Random } from '../mutation/random.js';
import { callAll, makeTasks } from './callers.js';

const load = (name: SpecName, isolate = false): Promise<EmbeddingModel> =>
  EmbeddingModel.load(modelPath(name), { backend: 'cpu', threads: 1, isolate });

const CALLERS = 64;

describe.each([
  ['in this process', false],
  ['in processes of their own', true],
])('64 callers over two models %s', (_where, isolate) => {
  it('get the vectors that the texts have alone, or the error of their abort', async () => {
    const random = new Random(1);
    await using bert = await load('bert', isolate);
    await using llama = await load('llama', isolate);
    const models = [bert, llama];
    const tasks = await makeTasks(models, 12, random);
    const plan = { callers: CALLERS, calls: 3, abort: 5 };
    const { right, wrong, failed } = await callAll(models, tasks, plan, random);
    expect(wrong).toBe(0);
    expect([...failed.keys()]).toEqual(['ERR_ABORTED']);
    expect(right + failed.get('ERR_ABORTED')!).toBe(CALLERS * 3);
    expect(right).toBeGreaterThan(CALLERS);
  });

  it('are all rejected by a dispose while they work', async () => {
    const random = new Random(2);
    const [model, other] = await Promise.all([load('jina-bert-v3', isolate), load('bert', isolate)]);
    const tasks = await makeTasks([model, other], 8, random);
    const all = callAll([model, other], tasks, { callers: CALLERS, calls: 4, abort: 0 }, random);
    await sleep(60);
    await model.dispose();
    const { right, wrong, failed } = await all;
    expect(wrong).toBe(0);
    expect([...failed.keys()]).toEqual(['ERR_DISPOSED']);
    expect(right + failed.get('ERR_DISPOSED')!).toBe(CALLERS * 4);
    // The other model knows nothing of it.
    expect(right).toBeGreaterThan(0);
    await other.dispose();
  });
});

it.skipIf(process.platform !== 'linux')(
  'a disposed model is freed at once, whatever used it (on Linux, by its memory map)',
  async () => {
    const path = modelPath('bert-bare');
    const isMapped = (): boolean => readFileSync('/proc/self/maps', 'utf8').includes(path);
    const model = await load('bert-bare');
    expect(isMapped()).toBe(true);
    await model.tokenize('The grass is green.');
    await model.embed('The grass is green.');
    await model.embed('a '.repeat(100)).catch(() => undefined);
    const tokenizing = model.tokenize('The grass is green. '.repeat(20_000));
    tokenizing.catch(() => undefined);
    await model.dispose();
    expect(isMapped()).toBe(false);
    await expect(tokenizing).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  },
);

it('four worker threads and the main thread compute the same at the same time', async () => {
  const path = modelPath('nomic-bert');
  const texts = Array.from({ length: 12 }, (_, i) => 'the grass is green '.repeat(1 + i * i));
  await using model = await EmbeddingModel.load(path, { backend: 'cpu', threads: 1 });
  const embed = (text: string): Promise<Float32Array> =>
    model.embed(text, { extend: 'pcw:4k' }).then(({ embedding }) => embedding);
  const alone: Float32Array[] = [];
  for (const text of texts) alone.push(await embed(text));

  const workers = Array.from(
    { length: 4 },
    () => new Worker(new URL('worker.mjs', import.meta.url), { workerData: { path } }),
  );
  for (const worker of workers) worker.postMessage(texts);
  const answers = workers.map((worker) => once(worker, 'message') as Promise<[Float32Array[]]>);
  expect(await Promise.all(texts.map(embed))).toEqual(alone);
  for (const [vectors] of await Promise.all(answers)) expect(vectors).toEqual(alone);
  const exits = workers.map((worker) => once(worker, 'exit'));
  // One is ended while it computes, the others when they are done.
  workers[0]!.postMessage(texts);
  await sleep(5);
  await workers[0]!.terminate();
  for (const worker of workers.slice(1)) worker.postMessage(null);
  await Promise.all(exits);
});
