import { describe, expect, it } from 'vitest';
import { fuse, searchWords } from '../../../bench/runner/lexical.js';
import { compareResults } from '../../../bench/results/compare.js';
import { readResults } from '../../../bench/results/files.js';
import { mtebPlace } from '../../../bench/results/mteb-place.js';
import { modelOf, RESULTS_FORMAT, runName, SCORING_FORMAT } from '../../../bench/results/results.js';
import { reportHtml } from '../../../bench/report/page.js';
import { dryRun } from '../../../bench/index.js';
import { failure } from '../data/folder.js';
import { bench, DOCUMENTS, hooksOf, modelFile, optionsOf, QUERIES } from './world.js';

const signal = new AbortController().signal;

describe('a run with the lexical baseline', () => {
  it('ranks by words, beside a model or alone', async () => {
    const { results, tasks } = await bench({ lexical: true });
    expect(results.runs.map((run) => `${run.model} ${runName(run)}`)).toEqual(['fake none', 'bm25 lexical']);
    expect(results.format).toBe(SCORING_FORMAT);
    expect(tasks).toHaveLength(2);
    // Each query shares a word with its own document alone.
    expect(results.runs[1]?.tasks[0]?.splits[0]?.perQuery).toEqual({ q0: 1, q1: 1, q2: 1, q3: 1 });
    const alone = await bench({ lexical: true, models: [] });
    expect(alone.results.runs).toEqual([results.runs[1]]);
    expect(alone.loaded).toEqual([]);
  });

  it('is itself in every output', async () => {
    const { results, output } = await bench({ lexical: true, hybrid: true });
    expect(await readResults(output)).toEqual(results);
    const [plain, hybrid, lexical] = results.runs;
    if (plain === undefined || hybrid === undefined || lexical === undefined)
      throw new Error('a run is missing');
    expect(mtebPlace(modelOf(results, lexical), lexical).name).toBe('mteb/baseline-bm25s');
    expect(mtebPlace(modelOf(results, hybrid), hybrid)).toMatchObject({
      name: 'longembed/fake',
      experiment: { extend: 'none', hybrid: 'bm25' },
    });
    const html = reportHtml(results);
    expect(html).toContain('none + bm25');
    expect(html).toContain('lexical');
    const { runs } = compareResults([{ label: 'a', results }], { baseline: 'lexical' });
    expect(runs.map(({ label, target }) => [label, target])).toEqual([
      ['fake none', 16],
      ['fake none + bm25', 16],
      ['bm25 lexical', null],
    ]);
  });

  it('is part of a dry run', async () => {
    const { hooks } = hooksOf({});
    const { runs } = await dryRun({ ...optionsOf({}), lexical: true }, hooks);
    expect(runs.map(({ model, extend, target }) => [model, extend, target])).toEqual([
      ['fake', 'none', 16],
      ['bm25', 'lexical', null],
    ]);
    expect(runs[1]?.tasks[0]).toMatchObject({
      documents: DOCUMENTS.length,
      queries: QUERIES.length,
      tokens: 0,
    });
  });

  it('leaves its name to the baseline when a file has it too', async () => {
    const { results } = await bench({ lexical: true, models: [modelFile('bm25.gguf')] });
    expect(results.models.map(({ id }) => id)).toEqual(['bm25-2', 'bm25']);
  });

  it('needs a model or the baseline', async () => {
    await expect(bench({ models: [] })).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /models is empty/),
    );
  });
});

describe('a hybrid run', () => {
  it('adds the fused ranking to each run, without computing anything twice', async () => {
    const plain = await bench();
    const both = await bench({ hybrid: true });
    expect(both.computed).toEqual(plain.computed);
    expect(both.results.runs.map(runName)).toEqual(['none', 'none + bm25']);
    expect(both.results.runs[0]).toEqual(plain.results.runs[0]);
    expect(plain.results.format).toBe(RESULTS_FORMAT);
  });

  it('keeps results of other ways of ranking from being lost', async () => {
    const { output } = await bench({ hybrid: true });
    await expect(bench({ output })).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /would replace: fake with none/),
    );
  });
});

describe('fuse', () => {
  it('adds the reciprocal ranks in both rankings', async () => {
    const documents = ['red house', 'blue house', 'green tree'].map((text, i) => ({ id: `d${i}`, text }));
    const words = await searchWords([{ id: 'q', text: 'a blue house' }], documents, signal);
    expect(words.get('q')?.map(({ id }) => id)).toEqual(['d1', 'd0']);
    const vectors = new Map([
      [
        'q',
        [
          { id: 'd2', score: 0.9 },
          { id: 'd0', score: 0.5 },
          { id: 'd1', score: 0.1 },
        ],
      ],
    ]);
    expect(fuse(vectors, words).get('q')).toEqual([
      { id: 'd2', score: 1 / 61 },
      { id: 'd0', score: 1 / 62 + 1 / 62 },
      { id: 'd1', score: 1 / 63 + 1 / 61 },
    ]);
  });

  it('stops at its signal', async () => {
    const documents = Array.from({ length: 8 }, (_, i) => ({ id: `d${i}`, text: 'word '.repeat(2 ** 16) }));
    await expect(searchWords([], documents, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
