/** Short texts beside long ones, in the express lane: docs/engine.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EmbeddingModel, LongEmbedError } from '../../lib/index.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { computes, kill, onlyEngine, until } from '../isolate/processes.js';
import { drawTokenIds } from '../native/fixtures.js';

const LONG = { extend: 'none:32k', truncate: true } as const;
const UNSCALED = { extend: 'none:32k,attention-scale=off', truncate: true } as const;
/** As many tokens as take a second or so. */
const DOCUMENT = drawTokenIds(1, 6000, { low: 5, high: 200 });
const QUERIES = Array.from({ length: 6 }, (_, i) => drawTokenIds(10 + i, 3 + 30 * i, { low: 5, high: 200 }));

const load = (name: SpecName, threads: number, isolate = false): Promise<EmbeddingModel> =>
  EmbeddingModel.load(modelPath(name), { backend: 'cpu', threads, isolate });

/** The code of a call's error; "done" when there is none. */
function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (error instanceof LongEmbedError ? error.code : String(error)),
  );
}

/** Calls until `done` resolves, each query after the other; gives the vectors of each. */
async function askUntil(
  model: EmbeddingModel,
  done: Promise<unknown>,
  callers: number,
): Promise<Float32Array[][]> {
  const vectors: Float32Array[][] = QUERIES.map(() => []);
  let going = true;
  void done.finally(() => (going = false));
  const caller = async (first: number): Promise<void> => {
    for (let i = first; going; i++) {
      const at = i % QUERIES.length;
      const { embedding } = await model.embed(QUERIES[at]!, LONG);
      vectors[at]!.push(embedding);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, i) => caller(i)));
  return vectors;
}

describe.each([
  ['jina-bert-v3', 1],
  ['jina-bert-v3', 2],
  ['llama', 3],
] as const)('%s on %i threads', (name, threads) => {
  it('gives short texts their vectors while a long one is computed, and the long one its own', async () => {
    await using model = await load(name, threads);
    const alone: Float32Array[] = [];
    for (const query of QUERIES) alone.push((await model.embed(query, LONG)).embedding);
    const whole = await model.embed(DOCUMENT, LONG);

    let ended = false;
    const long = model.embed(DOCUMENT, LONG).finally(() => (ended = true));
    await until(() => model.workload.runningTokens > 5000);
    const [first] = await Promise.all(QUERIES.map((query) => model.embed(query, LONG)));
    expect(ended, 'the long text is done before the short ones').toBe(false);
    expect(first!.embedding).toEqual(alone[0]);
    // Without pause, from several callers: the long text gets through all the same.
    const answers = await askUntil(model, long, 3);
    expect(await long).toEqual(whole);
    for (const [i, vectors] of answers.entries()) {
      expect(vectors.length).toBeGreaterThan(0);
      for (const vector of vectors) expect(vector).toEqual(alone[i]);
    }
  });
});

it('passes in a process of its own as well', async () => {
  await using model = await load('jina-bert-v3', 2, true);
  const { embedding } = await model.embed(QUERIES[0]!, LONG);
  let ended = false;
  const long = model.embed(DOCUMENT, LONG).finally(() => (ended = true));
  await until(() => model.workload.runningTokens > 5000);
  expect((await model.embed(QUERIES[0]!, LONG)).embedding).toEqual(embedding);
  expect(ended).toBe(false);
  await long;
});

it("passes in llama.cpp's context, where it was asked for", async () => {
  process.env['LONGEMBED_ENGINE'] = 'llama_context';
  try {
    await using model = await load('jina-bert-v3', 2, true);
    expect(model.info.engine).toBe('llama_context');
    const { embedding } = await model.embed(QUERIES[1]!, UNSCALED);
    let ended = false;
    const long = model.embed(DOCUMENT, UNSCALED).finally(() => (ended = true));
    await until(() => model.workload.runningTokens > 5000);
    const beside = await model.embed(QUERIES[1]!, UNSCALED);
    expect(ended).toBe(false);
    for (const [i, number] of beside.embedding.entries()) expect(number).toBeCloseTo(embedding[i]!, 5);
    await long;
  } finally {
    delete process.env['LONGEMBED_ENGINE'];
  }
});

it('ends at once when the model is disposed while both lanes work and many calls wait', async () => {
  const model = await load('jina-bert-v3', 2);
  const long = codeOf(model.embed(DOCUMENT, LONG));
  await until(() => model.workload.runningTokens > 5000);
  const others = Array.from({ length: 200 }, (_, i) =>
    codeOf(model.embed(i % 9 === 0 ? DOCUMENT : QUERIES[i % QUERIES.length]!, LONG)),
  );
  await sleep(20);
  await model.dispose();
  expect(await long).toBe('ERR_DISPOSED');
  const codes = new Set(await Promise.all(others));
  codes.delete('done');
  expect([...codes]).toEqual(['ERR_DISPOSED']);
  expect(model.workload).toEqual({ calls: 0, waitingTokens: 0, runningTokens: 0, runningDocuments: 0 });
});

it('frees the express lane when its caller or the long one changes its mind', async () => {
  await using model = await load('llama', 2);
  const { embedding } = await model.embed(QUERIES[3]!, LONG);
  for (let i = 0; i < 12; i++) {
    const [long, short] = [new AbortController(), new AbortController()];
    const document = codeOf(model.embed(DOCUMENT, { ...LONG, signal: long.signal }));
    await until(() => model.workload.runningTokens > 5000);
    const query = codeOf(model.embed(QUERIES[5]!, { ...LONG, signal: short.signal }));
    const other = model.embed(QUERIES[3]!, LONG);
    await sleep(i % 4);
    if (i % 2 === 0) short.abort();
    expect((await other).embedding).toEqual(embedding);
    long.abort();
    expect(await document).toBe('ERR_ABORTED');
    expect(['ERR_ABORTED', 'done']).toContain(await query);
  }
  expect(model.workload.calls).toBe(0);
});

it('tries both again, one at a time, when their process is killed', async () => {
  await using model = await load('jina-bert-v3', 1, true);
  const { embedding } = await model.embed(QUERIES[4]!, LONG);
  const pid = onlyEngine();
  const long = codeOf(model.embed(DOCUMENT, LONG));
  await until(() => model.workload.runningTokens > 5000);
  const queries = Array.from({ length: 40 }, () => model.embed(QUERIES[4]!, LONG));
  await until(() => model.workload.runningDocuments > 1);
  kill(pid);
  for (const query of await Promise.allSettled(queries)) {
    // Whether its batch was being computed when the process died is a matter of luck; the others know nothing of it.
    if (query.status === 'fulfilled') expect(query.value.embedding).toEqual(embedding);
    else expect((query.reason as LongEmbedError).code).toBe('ERR_BACKEND');
  }
  expect(['done', 'ERR_BACKEND']).toContain(await long);
  expect((await model.embed(QUERIES[4]!, LONG)).embedding).toEqual(embedding);
  expect(computes(pid)).toBe(false);
});
