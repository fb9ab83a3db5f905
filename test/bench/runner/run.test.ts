import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBench } from '../../../bench/runner/run-bench.js';
import { needle } from '../../../bench/tasks/needle.js';
import { passkey } from '../../../bench/tasks/passkey.js';
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

/** A run that must fail, and what it did until then. */
async function failing(
  given: Run,
): Promise<{ error: { code: string; message: string }; log: Log; output: string }> {
  const { hooks, log } = hooksOf(given);
  const options = optionsOf(given);
  const error: unknown = await runBench(options, hooks).then(
    () => expect.unreachable('the run did not fail'),
    (reason: unknown) => reason,
  );
  return { error: error as { code: string; message: string }, log, output: options.output };
}

describe('runBench', () => {
  it('scores a task and writes all its files', async () => {
    const { results, json, output, tasks, computed } = await bench();
    expect(tasks).toEqual(['fake none qmsum 1']);
    // "30" and "30 31" are other texts with another vector each; equal texts are computed once.
    expect(computed).toHaveLength(new Set([...DOCUMENTS, ...QUERIES]).size);
    expect(results.runs).toMatchObject([
      {
        model: 'fake',
        extend: 'none',
        target: 16,
        average: null,
        tasks: [
          {
            task: 'qmsum',
            mainMetric: 'ndcg_at_10',
            main: 1,
            splits: [
              {
                name: 'test',
                documents: 5,
                queries: 4,
                documentTokens: DOCUMENTS.join(' ').split(' ').length + 2 * DOCUMENTS.length,
                truncatedDocuments: 0,
                perQuery: { q0: 1, q1: 1, q2: 1, q3: 1 },
              },
            ],
          },
        ],
      },
    ]);
    expect(JSON.parse(json)).toEqual(results);
    expect(readdirSync(output).sort()).toEqual(['mteb', 'report.html', 'results.json', 'timing.json']);
    const [folder = ''] = readdirSync(join(output, 'mteb'));
    const { sha256 } = results.models[0]!;
    const experiments = join(output, 'mteb', folder, sha256, 'experiments');
    const [settings = ''] = readdirSync(experiments);
    expect(readdirSync(join(experiments, settings))).toContain('LEMBQMSumRetrieval.json');
  });

  it('computes nothing twice, and writes the same again', async () => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const first = await bench(same);
    const second = await bench(same);
    expect(second.computed).toEqual([]);
    expect(second.json).toBe(first.json);
    const files = (folder: string) => readFileSync(join(folder, 'report.html'), 'utf8');
    expect(files(second.output)).toBe(files(first.output));
    // Times are those of when the vectors were computed.
    const times = (folder: string) => readFileSync(join(folder, 'timing.json'), 'utf8');
    expect(times(second.output)).toBe(times(first.output));
  });

  it.each([
    ['the first text', () => 1],
    ['all texts but one', (all: number) => all - 1],
  ])('goes on where a signal stopped it after %s', async (_when, stopAfter) => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const whole = await bench({ ...same, cache: newFolder() });
    const output = newFolder();
    const controller = new AbortController();
    const { error, log } = await failing({
      ...same,
      output,
      signal: controller.signal,
      before: (computed) => {
        if (computed === stopAfter(whole.computed.length)) controller.abort(new Error('enough'));
      },
    });
    expect(error).toMatchObject({ code: 'ERR_ABORTED' });
    const rest = await bench({ ...same, output });
    // The text that was being computed is lost, and one more that waited behind it at most.
    const twice = rest.computed.filter((text) => log.computed.includes(text));
    expect(twice.length).toBeLessThanOrEqual(2);
    expect(new Set([...log.computed, ...rest.computed])).toEqual(new Set(whole.computed));
    expect(rest.json).toBe(whole.json);
  });

  it('shares its cache with another run at the same time', async () => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const [a, b] = await Promise.all([bench(same), bench(same)]);
    expect(a.json).toBe(b.json);
    const third = await bench(same);
    expect(third.computed).toEqual([]);
    expect(third.json).toBe(a.json);
  });

  it('separates settings in the cache that give different vectors', async () => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const { computed: all } = await bench(same);
    for (const changed of [
      { load: { prompts: { query: '7 ', document: '8 ' } } },
      { load: { prompts: { query: '', document: '' }, pooling: 'cls' } },
      { load: { prompts: { query: '', document: '' }, nativeContext: 8 } },
      { load: { prompts: { query: '', document: '' }, precision: 'bf16' } },
      { facts: { engine: 'llama_context' }, extend: ['none,attention-scale=off'] },
      { facts: { placement: [{ device: 'CUDA0', layers: 2 }] } },
      { maxTokens: 4 },
      { extend: ['pcw:32'] },
      { extend: ['rp:32'] },
      { models: [modelFile('fake.gguf', 'other weights')] },
    ] satisfies Run[]) {
      const { computed } = await bench({ ...same, ...changed });
      expect(computed.length, JSON.stringify(changed)).toBeGreaterThanOrEqual(all.length);
    }
    expect((await bench(same)).computed).toEqual([]);
  });

  it('reuses the cache for other names and spellings of the same computation', async () => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const prompts = { query: '', document: '' };
    await bench({ ...same, extend: ['gp:64'], load: { prompts, precision: 'bf16' } });
    for (const changed of [
      { extend: ['gp:64,attention-scale=length'] },
      { extend: ['gp:64'], facts: { threads: 7, name: 'renamed' } },
    ] satisfies Run[]) {
      const { computed, json } = await bench({ ...same, load: { prompts, precision: 'bf16' }, ...changed });
      expect(computed, JSON.stringify(changed)).toEqual([]);
      expect(JSON.parse(json)).toMatchObject({ models: [{ precision: 'bf16' }] });
    }
  });

  it('compares the first dimensions of cached vectors', async () => {
    const same = { models: [modelFile()], data: numbersTask(DOCUMENTS, QUERIES), cache: newFolder() };
    const whole = await bench(same);
    const two = await bench({ ...same, dimensions: 2 });
    expect(two.computed).toEqual([]);
    expect(two.results.models[0]!.dimensions).toBe(2);
    expect(two.results.runs[0]!.tasks[0]!.main).toBe(1);
    // In one dimension all vectors point the same way.
    const one = await bench({ ...same, dimensions: 1 });
    expect(one.results.runs[0]!.tasks[0]!.main).toBeLessThan(1);
    const taken = bench({ ...same, dimensions: 2, output: whole.output });
    await expect(taken).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    const many = bench({ ...same, dimensions: 1000 });
    await expect(many).rejects.toThrow(/dimensions is 1000: it must be a whole number from 1 to \d+/);
  });

  it('runs every model with every strategy', async () => {
    const models = [modelFile('a.gguf'), modelFile('b.gguf')];
    const { results, tasks, warnings, loaded, disposed } = await bench({
      models,
      extend: ['none', 'pcw:32'],
    });
    expect(tasks.map((task) => task.split(' ').slice(0, 2).join(' '))).toEqual([
      'a none',
      'a pcw:32',
      'b none',
      'b pcw:32',
    ]);
    expect(results.models.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(warnings).toEqual([]);
    expect(disposed).toHaveLength(loaded.length);
  });

  it('limits to the first documents and the queries that they answer', async () => {
    const { results, computed } = await bench({ limit: 2 });
    expect(results.limit).toBe(2);
    expect(results.data[0]!.splits[0]).toMatchObject({ documents: 2, queries: 2 });
    expect(new Set(computed)).toEqual(new Set(['10', '20 21', '10 11', '20']));
  });

  it("cuts documents at the target, or at the option's limit", async () => {
    const data = numbersTask([new Array(40).fill('10').join(' '), '20'], ['10', '20']);
    const { results, computed } = await bench({ data });
    expect(results.runs[0]!.tasks[0]!.splits[0]).toMatchObject({
      truncatedDocuments: 1,
      documentTokens: 16 + 3,
    });
    expect(computed[0]!.split(' ')).toHaveLength(14);
    const shorter = await bench({ data, maxTokens: 8 });
    expect(shorter.computed[0]!.split(' ')).toHaveLength(6);
    expect(shorter.results.runs[0]!.target).toBe(8);
  });

  it('generates the synthetic tasks, one split per length', async () => {
    const { results } = await bench({ tasks: [passkey, needle], lengths: [256, 512], data: null, limit: 20 });
    for (const { splits } of results.runs[0]!.tasks) {
      for (const { queries, byDepth = [], scores } of splits) {
        expect(byDepth.map(({ from, to }) => [from, to])).toEqual(
          [0, 1, 2, 3, 4].map((i) => [i / 5, (i + 1) / 5]),
        );
        const sum = (of: (part: (typeof byDepth)[number]) => number) =>
          byDepth.reduce((total, part) => total + of(part), 0);
        expect(sum((part) => part.queries)).toBe(queries);
        expect(sum((part) => part.queries * (part.score ?? 0)) / queries).toBeCloseTo(
          scores['accuracy_at_1']!,
        );
      }
      expect(splits.map(({ name, length, documents }) => [name, length, documents])).toEqual([
        ['test_256', 256, 20],
        ['test_512', 512, 20],
      ]);
    }
  });

  it('reports progress and the remaining time', async () => {
    const { progress } = await bench();
    const last = progress.at(-1)!;
    expect(last).toMatchObject({
      model: 'fake',
      extend: 'none',
      task: 'qmsum',
      split: 'test',
      kind: 'query',
    });
    expect(last).toMatchObject({ texts: 4, textsDone: 4, secondsLeft: 0 });
    expect(last.computed).toBe(new Set([...DOCUMENTS, ...QUERIES]).size);
    const done = progress.map(({ computed }) => computed);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it.each([
    ['a CPU by our graph', {}, 4096],
    ["a CPU by llama.cpp's context", { engine: 'llama_context' }, 1],
    ['a GPU', { placement: [{ device: 'CUDA0', layers: 2 }] }, 1],
  ] as const)(
    'batches texts where their bits do not depend on it: on %s',
    async (_where, facts, expected) => {
      const extend = ['none,attention-scale=off'];
      const { batches } = await bench({
        facts: facts as NonNullable<Run['facts']>,
        extend,
        batchTokens: null,
      });
      expect(new Set(batches.filter((tokens) => tokens > 0))).toEqual(new Set([expected]));
    },
  );

  it('batches several texts when asked to', async () => {
    const alone = await bench({ models: [modelFile()] });
    expect(new Set(alone.batches)).toEqual(new Set([0, 1]));
    const together = await bench({ models: [modelFile()], batchTokens: 64 });
    expect(together.batches).toContain(64);
    expect(together.results.runs).toEqual(alone.results.runs);
  });
});

describe('before anything is computed, runBench refuses', () => {
  /** Two documents and two queries, some of the tables replaced. */
  function bad(tables: Partial<Record<'corpus' | 'queries' | 'qrels', string>>): Run {
    const data = numbersTask(['1', '2'], ['1', '2']);
    for (const [name, content] of Object.entries(tables)) {
      writeFileSync(join(data, 'qmsum', `${name}.jsonl`), content);
    }
    return { data };
  }

  it.each<[string, Run, string, RegExp]>([
    ['an empty corpus', bad({ corpus: '' }), 'ERR_INPUT_EMPTY', /corpus\.jsonl holds no documents/],
    [
      'qrels that point nowhere',
      bad({ qrels: '{"qid":"q0","doc_id":"d9"}\n{"qid":"q1","doc_id":"d1"}\n' }),
      'ERR_INVALID_OPTION',
      /qrels\.jsonl names documents that .*corpus\.jsonl does not have: "?d9"?/,
    ],
    [
      'ids that repeat',
      bad({ corpus: '{"doc_id":"d0","text":"1"}\n{"doc_id":"d1","text":"1"}\n{"doc_id":"d0","text":"2"}\n' }),
      'ERR_INVALID_OPTION',
      /an id that is already used: .*d0.*line 3/,
    ],
    [
      'queries without a relevant document',
      bad({ qrels: '{"qid":"q0","doc_id":"d0"}\n' }),
      'ERR_INVALID_OPTION',
      /queries without a relevant document.*q1/,
    ],
    [
      'a malformed row',
      bad({ queries: '{"qid":"q0","text":"1"}\nnonsense\n' }),
      'ERR_INVALID_OPTION',
      /queries\.jsonl, line 2: the line is not JSON/,
    ],
    [
      'a folder of data that is not there',
      { data: '/nowhere' },
      'ERR_INVALID_OPTION',
      /\/nowhere does not exist/,
    ],
    [
      'a limit that leaves no query',
      { ...bad({ qrels: '{"qid":"q0","doc_id":"d1"}\n{"qid":"q1","doc_id":"d1"}\n' }), limit: 1 },
      'ERR_INPUT_EMPTY',
      /limit of 1 documents, no query of qmsum \(test\) .*higher --limit/,
    ],
    [
      'a length that is too short',
      { tasks: [passkey], lengths: [8] },
      'ERR_INVALID_OPTION',
      /length of 8 tokens/,
    ],
    ['no strategy', { extend: [] }, 'ERR_INVALID_OPTION', /extend is empty/],
    [
      'a strategy that no model takes',
      { extend: ['ntk:32'] },
      'ERR_STRATEGY_UNSUPPORTED',
      /The model does not support ntk:32/,
    ],
    [
      'a model that is not there',
      { models: ['/nowhere.gguf'] },
      'ERR_MODEL_NOT_FOUND',
      /No such model file: \/nowhere\.gguf/,
    ],
    [
      'a prompt that leaves no room',
      { load: { prompts: { query: '', document: new Array(20).fill('5').join(' ') } } },
      'ERR_INVALID_OPTION',
      /document prompt and the special tokens alone are 22 tokens, and texts are cut at 16/,
    ],
  ])('%s', async (_what, given, code, message) => {
    const { error, log, output } = await failing(given);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(log.computed).toEqual([]);
    expect(existsSync(join(output, 'results.json'))).toBe(false);
  });
});
