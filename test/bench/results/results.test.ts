import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../../bench/results/files.js';
import { resultsTable } from '../../../bench/results/results-table.js';
import type { Results } from '../../../bench/results/results.js';
import { readTiming, timingKey, writeTiming } from '../../../bench/results/files.js';
import { writeResults } from '../../../bench/results/files.js';
import { failure } from '../data/folder.js';
import { answers, modelResult, resultsOf, runResult, sixTasks, splitResult, taskResult } from './fixture.js';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'longembed-results-'));
const NONE = runResult('none', sixTasks([50, 40, 20, 30, 60, 50]));
const NTK = runResult('ntk:4k', sixTasks([90, 80, 25, 30, 61, 52]));

describe('results.json', () => {
  it('is read as it was written', async () => {
    const folder = join(newFolder(), 'new');
    const results = resultsOf([NONE, NTK]);
    await writeResults(folder, results);
    expect(readdirSync(folder)).toEqual(['results.json']);
    expect(await readResults(folder)).toEqual(results);
    expect(await readResults(join(folder, 'results.json'))).toEqual(results);
  });

  it('keeps the scores of queries whose ids are names of objects’ own properties', async () => {
    const folder = newFolder();
    const perQuery = Object.fromEntries(['__proto__', 'constructor', 'toString', '1'].map((id) => [id, 0.5]));
    const split = splitResult('qmsum', perQuery);
    await writeResults(folder, resultsOf([runResult('none', [taskResult('qmsum', [split])])]));
    const read = (await readResults(folder)).runs[0]?.tasks[0]?.splits[0]?.perQuery ?? {};
    expect(Object.keys(read).sort()).toEqual(['1', '__proto__', 'constructor', 'toString']);
  });

  it('is read when an editor has put a byte order mark before it', async () => {
    const folder = newFolder();
    const results = resultsOf([NONE, NTK]);
    await writeResults(folder, results);
    const path = join(folder, 'results.json');
    writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8')}`);
    expect(await readResults(folder)).toEqual(results);
  });

  it('has the same bytes for the same results, in any order of keys', async () => {
    const split = splitResult('qmsum', { b: 1, a: 0 });
    const reversed = <T extends object>(object: T): T =>
      Object.fromEntries(Object.entries(object).reverse()) as unknown as T;
    const other = reversed({
      ...split,
      perQuery: reversed(split.perQuery),
      scores: reversed(split.scores),
    });
    const bytes = async (results: Results): Promise<string> => {
      const folder = newFolder();
      await writeResults(folder, results);
      return readFileSync(join(folder, 'results.json'), 'utf8');
    };
    const of = (one: typeof split) => resultsOf([runResult('none', [taskResult('qmsum', [one])])]);
    expect(await bytes(reversed(of(other)))).toBe(await bytes(of(split)));
  });

  it.each<[string, (results: Results) => unknown, RegExp]>([
    ['is no JSON', () => 'nonsense', /results\.json is not JSON: /],
    ['is none of ours', () => ({}), /is not a results\.json of longembed bench: its format is not/],
    [
      'has another format',
      (r) => ({ ...r, format: 'longembed-bench/9' }),
      /has the format "longembed-bench\/9", and this/,
    ],
    ['lacks a field', (r) => ({ ...r, seed: undefined }), /results\.json: seed: expected number/],
    [
      'has a score that is none',
      (r) => ({ ...r, runs: [{ ...r.runs[0], average: 'high' }] }),
      /runs\[0\]\.average: /,
    ],
    [
      'names a model twice',
      (r) => ({ ...r, models: [...r.models, ...r.models] }),
      /models\[1\]: duplicate model /,
    ],
    ['names a run twice', (r) => ({ ...r, runs: [r.runs[0], r.runs[0]] }), /runs\[1\]: duplicate run of /],
    [
      'has a run of no model',
      (r) => ({ ...r, models: [modelResult({ id: 'other' })] }),
      /runs\[0\]\.model: there is no model e5rope-base among models/,
    ],
    [
      'does not describe its data',
      (r) => ({ ...r, data: [] }),
      /data does not describe the split test_256 of passkey/,
    ],
    [
      'lacks the main score of a split',
      (r) => ({
        ...r,
        runs: [
          {
            ...r.runs[0],
            tasks: [{ ...r.runs[0]!.tasks[3]!, splits: [{ ...r.runs[0]!.tasks[3]!.splits[0], scores: {} }] }],
          },
        ],
      }),
      /runs\[0\]\.tasks\[0\]\.splits\[0\]\.scores: there is no ndcg_at_10/,
    ],
  ])('that %s is refused with the file and the field', async (_what, change, message) => {
    const folder = newFolder();
    const content = change(resultsOf([NONE, NTK]));
    writeFileSync(
      join(folder, 'results.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
    await expect(readResults(folder)).rejects.toMatchObject(failure('ERR_INVALID_OPTION', message));
  });

  it('is reported when missing', async () => {
    for (const path of [newFolder(), '/nowhere/results.json']) {
      await expect(readResults(path)).rejects.toMatchObject(
        failure(
          'ERR_INVALID_OPTION',
          /There is no file .*results\.json: name a results\.json of longembed bench/,
        ),
      );
    }
  });

  it('is reported when it cannot be written, and leaves nothing incomplete', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(writeResults(join(folder, 'file'), resultsOf([NONE]))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /^Cannot write to .*results\.json: /),
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

it('timing.json is read as it was written', async () => {
  const folder = newFolder();
  const timing = { evaluationSeconds: { [timingKey('m', 'pcw:4k', 'qmsum')]: 1.5 } };
  await writeTiming(folder, timing);
  expect(await readTiming(folder)).toEqual(timing);
});

describe('resultsTable', () => {
  it("shows the scores and the paper's below them", () => {
    const lines = resultsTable(resultsOf([NONE, NTK])).split('\n');
    expect(lines.slice(0, 8)).toEqual([
      'Scores in %: Acc@1 of Passkey, Needle; nDCG@10 of NarrativeQA, QMSum, SummScreenFD, 2WikiMQA',
      '',
      '                 Passkey  Needle  NarrativeQA  QMSum  SummScreenFD  2WikiMQA  Avg.',
      '-'.repeat(82),
      'e5rope-base',
      '  none              50.0    40.0         20.0   30.0          60.0      50.0  41.7',
      '    (the paper)     38.5    31.5         24.6   23.2          66.6      58.8  40.5',
      '  ntk:4k            90.0    80.0         25.0   30.0          61.0      52.0  56.3',
    ]);
    expect(lines).toContain('    (the paper)  100.0  100.0  62.0  22.0  14.0   4.0   4.0   2.0');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('leaves out the paper when the tasks are easier, and notes it', () => {
    const text = resultsTable(resultsOf([NONE], { limit: 20 }));
    expect(text).not.toContain('(the paper)');
    expect(text).toContain('--limit 20 makes the tasks easier');
  });

  it('notes generated texts, and strategies that were not run', () => {
    const results = resultsOf([NONE]);
    const text = resultsTable({
      ...results,
      data: results.data.map((data) => ({ ...data, origin: 'generated, seed 42' })),
      models: [modelResult({ unsupported: [{ extend: 'se:4k', reason: 'It has \x1b[31mno RoPE.' }] })],
    });
    expect(text).toContain("generated by the paper's recipe; the texts differ from the paper's.");
    // What comes from a file may not steer the terminal.
    expect(text).toContain('Not run: e5rope-base with se:4k: It has \ufffd[31mno RoPE.');
  });

  it('has a dash where there is no score, and wraps long names', () => {
    const run = {
      ...runResult('none', [taskResult('qmsum', [splitResult('qmsum', answers(4, 1))])]),
      model: 'm'.repeat(40),
    };
    const text = resultsTable(resultsOf([run]));
    expect(text).toMatch(/^ {2}none +25\.0 +-$/m);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(80);
  });

  it('uses escape sequences only when allowed', () => {
    expect(resultsTable(resultsOf([NONE]))).not.toContain('\x1b');
    expect(resultsTable(resultsOf([NONE]), { colors: true })).toContain('\x1b[2m');
  });
});
