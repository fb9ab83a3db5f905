/** Scores of rankings against pytrec_eval's and MTEB's, which test/oracle/make_metric_fixtures.py wrote down. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../bench/metrics/evaluate.js';
import { CUTS, type MetricName } from '../../../bench/metrics/metrics.js';
import type { Ranking } from '../../../bench/metrics/ranking.js';
import type { Relevance } from '../../../bench/data/dataset.js';
import { refusal } from './refusal.js';

interface Case {
  readonly name: string;
  readonly rankings: Record<string, Record<string, number>>;
  readonly relevance: Record<string, Record<string, number>>;
  readonly names: MetricName[];
  /** Query → figures in the order of `names`. */
  readonly perQuery: Record<string, number[]>;
  readonly mean: number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

const rankingOf = (scores: Record<string, number>): Ranking =>
  Object.entries(scores).map(([id, score]) => ({ id, score }));
const rankingsOf = (given: Record<string, Record<string, number>>): Map<string, Ranking> =>
  new Map(Object.entries(given).map(([query, scores]) => [query, rankingOf(scores)]));
const relevanceOf = (given: Record<string, Record<string, number>>): Relevance =>
  new Map(Object.entries(given).map(([query, grades]) => [query, new Map(Object.entries(grades))]));

describe.each(cases)('$name: as pytrec_eval and MTEB', ({ rankings, relevance, names, perQuery, mean }) => {
  const ours = rankingsOf(rankings);
  const judged = relevanceOf(relevance);

  it('in the mean', () => {
    const found = evaluate(ours, judged).mean;
    expect(Object.keys(found).sort()).toEqual([...names].sort());
    for (const [index, name] of names.entries()) expect(found[name], name).toBeCloseTo(mean[index]!, 12);
  });

  it('in every query', () => {
    for (const [index, name] of names.entries()) {
      const found = evaluate(ours, judged, { perQuery: name }).perQuery;
      expect([...found.keys()].sort()).toEqual(Object.keys(perQuery).sort());
      for (const [query, value] of found) {
        expect(value, `${name} of ${query}`).toBeCloseTo(perQuery[query]![index]!, 12);
      }
    }
  });
});

it('has the metrics of MTEB’s result files', () => {
  const { mean } = evaluate(rankingsOf({ q: { d: 1 } }), relevanceOf({ q: { d: 1 } }));
  const families = ['ndcg', 'map', 'recall', 'precision', 'mrr'];
  const expected = families.flatMap((family) => CUTS.map((cut) => `${family}_at_${cut}`));
  expect(Object.keys(mean)).toEqual([...expected, 'accuracy_at_1']);
});

it('gives nDCG@10 of every query unless another metric is asked for', () => {
  const rankings = rankingsOf({ b: { d: 1, e: 2 }, a: { d: 1 } });
  const relevance = relevanceOf({ a: { d: 1 }, b: { d: 1 } });
  expect([...evaluate(rankings, relevance).perQuery]).toEqual([
    ['b', 1 / Math.log2(3)],
    ['a', 1],
  ]);
  expect([...evaluate(rankings, relevance, { perQuery: 'accuracy_at_1' }).perQuery]).toEqual([
    ['b', 0],
    ['a', 1],
  ]);
});

describe('what cannot be scored', () => {
  const good = rankingsOf({ q: { d: 1 } });
  const grades = relevanceOf({ q: { d: 1 } });

  it.each<[string, Map<string, Ranking>, Relevance, string, RegExp]>([
    ['a score NaN', rankingsOf({ q: { d: NaN } }), grades, 'ERR_INVALID_OPTION', /"d".*NaN.*"q"/],
    [
      'a document ranked twice',
      new Map([['q', [...rankingOf({ d: 1 }), ...rankingOf({ d: 0.5 })]]]),
      grades,
      'ERR_INVALID_OPTION',
      /"d" is ranked twice for query "q"/,
    ],
    ['a grade 0.5', good, relevanceOf({ q: { d: 0.5 } }), 'ERR_INVALID_OPTION', /"q" has grade 0\.5/],
    ['no rankings', new Map<string, Ranking>(), grades, 'ERR_INPUT_EMPTY', /None of the 0/],
    ['no judgements', good, new Map(), 'ERR_INPUT_EMPTY', /None of the 1/],
    ['no common query', good, relevanceOf({ p: { d: 1 } }), 'ERR_INPUT_EMPTY', /None of the 1/],
  ])('%s', (_, rankings, relevance, code, message) => {
    expect(refusal(() => evaluate(rankings, relevance))).toEqual({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('an unknown metric', () => {
    expect(refusal(() => evaluate(good, grades, { perQuery: 'ndcg_at_7' as MetricName }))).toEqual({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/"ndcg_at_7" is not known: use one of ndcg_at_1, /) as string,
    });
  });
});

describe('of any ranking', () => {
  // few scores and grades, so that ties and unjudged documents are common
  const documents = fc.uniqueArray(
    fc.record({
      id: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      score: fc.integer({ min: 0, max: 3 }),
      grade: fc.option(fc.integer({ min: -1, max: 3 })),
      found: fc.boolean(),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 40 },
  );
  type Some = typeof documents extends fc.Arbitrary<infer T> ? T : never;
  const judgedOf = (some: Some): Relevance =>
    new Map([
      [
        'q',
        new Map(some.flatMap(({ id, grade }): [string, number][] => (grade === null ? [] : [[id, grade]]))),
      ],
    ]);
  const foundOf = (some: Some): Map<string, Ranking> =>
    new Map([['q', some.filter(({ found }) => found).map(({ id, score }) => ({ id, score }))]]);
  const judgedOnes = documents.filter((some) => some.some(({ grade }) => grade !== null));

  it('does not depend on the order of the documents', () => {
    fc.assert(
      fc.property(judgedOnes, (some) => {
        expect(evaluate(foundOf(some.toReversed()), judgedOf(some))).toEqual(
          evaluate(foundOf(some), judgedOf(some)),
        );
      }),
    );
  });

  it('is from 0 to 1, and recall, MAP and MRR do not fall with the cut', () => {
    fc.assert(
      fc.property(judgedOnes, (some) => {
        const { mean } = evaluate(foundOf(some), judgedOf(some));
        for (const value of Object.values(mean)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        for (const family of ['recall', 'map', 'mrr']) {
          const values = CUTS.map((cut) => mean[`${family}_at_${cut}`]!);
          expect(values).toEqual(values.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it('is 1 at every cut of nDCG when the grades are the scores', () => {
    fc.assert(
      fc.property(
        judgedOnes.filter((some) => some.some(({ grade }) => (grade ?? 0) > 0)),
        (some) => {
          const ideal = some.map((one) => ({ ...one, score: one.grade ?? 0, found: true }));
          const { mean } = evaluate(foundOf(ideal), judgedOf(ideal));
          for (const cut of CUTS) expect(mean[`ndcg_at_${cut}`]).toBe(1);
          expect(mean.accuracy_at_1).toBe(1);
        },
      ),
    );
  });
});
