import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../bench/metrics/evaluate.js';
import { PRESETS } from '../../../lib/model/index.js';
import { MTEB_MODELS } from '../../../bench/results/mteb-models.js';
import { mtebPlace } from '../../../bench/results/mteb-place.js';
import { writeMtebResults } from '../../../bench/results/mteb.js';
import type { Results, SplitResult } from '../../../bench/results/results.js';
import { timingKey } from '../../../bench/results/files.js';
import { answers, modelResult, resultsOf, runResult, splitResult, taskResult } from './fixture.js';

interface Fixture {
  mteb: string;
  ranks: number[];
  files: Record<string, Record<string, unknown>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/mteb.json', import.meta.url), 'utf8'),
) as Fixture;

/** The rankings of the fixture: a query's only answer at each rank. */
function scored(split: SplitResult): SplitResult {
  const rankings = new Map(
    fixture.ranks.map((rank, i) => [
      `q${i}`,
      Array.from({ length: 20 }, (_, at) => ({
        id: at + 1 === rank ? `d${i}` : `x${at + 1}`,
        score: 1 - (at + 1) / 100,
      })),
    ]),
  );
  const relevance = new Map(fixture.ranks.map((_rank, i) => [`q${i}`, new Map([[`d${i}`, 1]])]));
  return { ...split, scores: evaluate(rankings, relevance).mean };
}

function published(documents: number, queries: number, split: SplitResult): SplitResult {
  return { ...scored(split), documents, queries };
}

async function written(results: Results, seconds: Record<string, number> = {}): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-mteb-'));
  await writeMtebResults(folder, results, { evaluationSeconds: seconds });
  const names = readdirSync(join(folder, 'mteb'), { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [
          path.slice(join(folder, 'mteb').length + 1).replaceAll('\\', '/'),
          readFileSync(path, 'utf8'),
        ];
      }),
  );
}

describe("MTEB's files", () => {
  it('are what mteb itself writes for the same rankings', async () => {
    const model = modelResult({ preset: 'e5-base-v2', sha256: '0'.repeat(64) });
    const passkey = [256, 512].map((length) =>
      published(100, 50, splitResult('passkey', answers(5, 2), length)),
    );
    const summ = published(336, 336, splitResult('summ_screen_fd', answers(5, 2)));
    const run = runResult('ntk:4k', [taskResult('passkey', passkey), taskResult('summ_screen_fd', [summ])]);
    const seconds = Object.fromEntries(
      (['passkey', 'summ_screen_fd'] as const).map((task) => [timingKey(model.id, 'ntk:4k', task), 1.5]),
    );
    const files = await written(resultsOf([run], { models: [model] }), seconds);
    expect([...files.keys()].sort()).toEqual(Object.keys(fixture.files).sort());
    for (const name of Object.keys(fixture.files).filter((one) => one.includes('LEMB'))) {
      const ours = JSON.parse(files.get(name)!) as Record<string, Record<string, unknown>>;
      const theirs = fixture.files[name]!;
      expect(Object.keys(ours)).toEqual(Object.keys(theirs));
      expect({ ...ours, scores: 0 }).toEqual({ ...theirs, scores: 0 });
      const [a, b] = [ours['scores']!, theirs['scores'] as Record<string, unknown>];
      expect(Object.keys(a)).toEqual(Object.keys(b));
      for (const split of Object.keys(a)) compareScores(a[split], b[split]);
    }
    const meta = (content: unknown) => ({ ...(content as object), loader_kwargs: 0, max_tokens: 0 });
    const name = Object.keys(fixture.files).find((one) => one.endsWith('model_meta.json'))!;
    expect(meta(JSON.parse(files.get(name)!))).toEqual(meta(fixture.files[name]));
    expect(JSON.parse(files.get(name)!)).toMatchObject({
      max_tokens: 4096,
      loader_kwargs: { extend: 'ntk:4k' },
    });
  });

  function compareScores(ours: unknown, theirs: unknown): void {
    const [[a], [b]] = [ours, theirs] as [Record<string, unknown>[], Record<string, unknown>[]];
    // Of hit rates we have the first: Acc@1.
    const wanted = Object.keys(b!).filter((name) => !/^hit_rate_at_(?!1$)/.test(name));
    expect(Object.keys(a!).sort()).toEqual(wanted.sort());
    for (const name of wanted) {
      if (typeof b![name] === 'number') expect(a![name], name).toBeCloseTo(b![name], 5);
      else expect(a![name], name).toEqual(b![name]);
    }
  }

  it('identify the scored data: the published ones, or others by their hash', async () => {
    const revision = async (given: Parameters<typeof resultsOf>[1], changed: object = {}) => {
      const qmsum = { ...published(197, 1527, splitResult('qmsum', answers(5, 2))), ...changed };
      const results = resultsOf([runResult('none', [taskResult('qmsum', [qmsum])])], given);
      const file = [...(await written(results))].find(([path]) => path.includes('LEMBQMSum'))![1];
      return (JSON.parse(file) as { dataset_revision: string }).dataset_revision;
    };
    expect(await revision({})).toBe('6e346642246bfb4928c560ee08640dc84d074e8c');
    const others = [await revision({ limit: 20 }), await revision({}, { documents: 20 })];
    for (const other of others) expect(other).toMatch(/^sha256-[0-9a-f]{64}$/);
    expect(await revision({ data: 'others', limit: 20 })).not.toBe(others[0]);
  });

  it('are an experiment of the model that mteb knows, each in a folder of its own', () => {
    const tasks = [taskResult('qmsum', [splitResult('qmsum', answers(2, 1))])];
    const folder = (model: Parameters<typeof modelResult>[0], extend: string, scoring: object = {}) =>
      mtebPlace(modelResult({ sha256: '0123456789abcdef', ...model }), {
        ...runResult(extend, tasks),
        ...scoring,
      }).folder.replaceAll('\\', '/');
    const e5 = { preset: 'e5-base-v2', id: 'my e5' };
    const usual = folder(e5, 'se:4k,g=9,w=64');
    expect(usual).toBe(
      'intfloat__e5-base-v2/1c644c92ad3ba1efdad3f1451a637716616a20e8/experiments/' +
        'engine_longembed__extend_se_4k,g=9,w=64__file_0123456789ab__quantization_F16',
    );
    const others = [
      folder({ ...e5, sha256: 'other' }, 'se:4k,g=9,w=64'),
      folder({ ...e5, prompts: { query: '', document: '' } }, 'se:4k,g=9,w=64'),
      folder({ ...e5, pooling: 'cls' }, 'se:4k,g=9,w=64'),
      folder({ ...e5, nativeContext: 256 }, 'se:4k,g=9,w=64'),
      folder(e5, 'se:4k,g=9,w=65'),
      folder(e5, 'se:4k,g=9,w=64', { hybrid: 'bm25' }),
      folder({ ...e5, precision: 'bf16' }, 'se:4k,g=9,w=64'),
      folder({ ...e5, dimensions: 64, fullDimensions: 768 }, 'se:4k,g=9,w=64'),
      folder({ ...e5, dimensions: 128, fullDimensions: 768 }, 'se:4k,g=9,w=64'),
      folder(e5, 'se:4k,g=9,w=64', { target: 1000 }),
      folder(e5, 'none', { target: 512 }),
      folder(e5, 'none', { target: 256 }),
      folder(e5, 'se:4k,g=9,w=64', { vectors: 'chunks:256', aggregate: 'max' }),
    ];
    expect(new Set([usual, ...others]).size).toBe(others.length + 1);
    expect(others.at(-1)).toContain('__vectors_chunks_256');
    // the model is on the hub, but mteb does not have it: the file is the revision
    expect(folder({}, 'none')).toMatch(
      /^dwzhu__e5rope-base\/0123456789abcdef\/experiments\/engine_longembed__/,
    );
    expect(folder({}, 'none', { vectors: 'lexical' })).toBe(
      'mteb__baseline-bm25s/0_3_0/experiments/engine_longembed',
    );
  });

  it('have a folder of their own for each setting of a model without a preset', () => {
    const run = runResult('none', [taskResult('qmsum', [splitResult('qmsum', answers(2, 1))])]);
    const prompts = { query: '', document: '' };
    const models = [{}, { prompts }, { pooling: 'cls' }, { nativeContext: 1024 }].map((given) =>
      modelResult({ preset: null, ...given }),
    );
    const folders = models.map((model) => mtebPlace(model, run).folder);
    expect(new Set(folders).size).toBe(models.length);
  });

  it('name other models so that folders are unique and valid on every file system', () => {
    const run = runResult('none', [taskResult('qmsum', [splitResult('qmsum', answers(2, 1))])]);
    const names = ['a b', 'a-b', 'a__b', 'a_b', 'a/b', 'ä'].map(
      (id) => mtebPlace(modelResult({ id, preset: null }), run).name,
    );
    expect(new Set(names).size).toBe(names.length);
    for (const one of names) expect(one).toMatch(/^longembed\/[\w.+-]+$/);
    for (const one of names) expect(one).not.toContain('__');
  });

  it('have a hash for a name where mteb has one: for more than 200 characters', () => {
    const tasks = [taskResult('qmsum', [splitResult('qmsum', answers(2, 1))])];
    const long = mtebPlace(modelResult({ quantization: 'Q'.repeat(200) }), runResult('none', tasks)).folder;
    expect(long).toMatch(/[/\\]exp_[0-9a-f]{16}$/);
  });

  it('know every preset', () => {
    expect(Object.keys(MTEB_MODELS).sort()).toEqual(PRESETS.map(({ name }) => name).sort());
  });
});
