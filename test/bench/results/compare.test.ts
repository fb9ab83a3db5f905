import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/random.js';
import { compareResults } from '../../../bench/results/compare.js';
import { comparisonTable } from '../../../bench/results/comparison-table.js';
import { holm, signFlipTest } from '../../../bench/results/significance.js';
import { refusal } from '../metrics/refusal.js';
import { answers, resultsOf, runResult, sixTasks, splitResult, taskResult } from './fixture.js';

describe('signFlipTest', () => {
  it('gives the exact share of sign flips for few differences', () => {
    // All eight signs alike: 2 of 256 flips are as far from 0.
    expect(signFlipTest(new Array<number>(8).fill(0.5))).toBe(2 / 256);
    // 1, 2, -3 sums to 0, as near to it as can be: every flip is as far.
    expect(signFlipTest([1, 2, -3])).toBe(1);
    // |±3 ±1| >= 2 always; |±3 ±1| >= 4 half the time.
    expect(signFlipTest([3, -1])).toBe(1);
    expect(signFlipTest([3, 1])).toBe(0.5);
    // No difference, no evidence. Zeroes change nothing.
    expect(signFlipTest([])).toBe(1);
    expect(signFlipTest([0, 3, 0, 1])).toBe(0.5);
  });

  it('does not depend on the sign, the scale and the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 10 }), (differences) => {
        const p = signFlipTest(differences);
        expect(signFlipTest(differences.map((one) => -one))).toBe(p);
        expect(signFlipTest(differences.map((one) => one * 0.1))).toBe(p);
        expect(signFlipTest([...differences].reverse())).toBe(p);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });

  it('is estimated for many, close to the normal approximation and reproducible', () => {
    // 60 of 100 signs up: z = 2 with 100 units, p = P(|B(100, 1/2) - 50| >= 10) = 0.0569.
    const differences = Array.from({ length: 100 }, (_, i) => (i < 60 ? 1 : -1));
    const p = signFlipTest(differences);
    expect(Math.abs(p - 0.0569)).toBeLessThan(0.01);
    expect(signFlipTest(differences)).toBe(p);
    expect(signFlipTest(new Array<number>(100).fill(1))).toBe(1 / 10_001);
  });

  it('finds false differences about as often as p says', () => {
    const random = Random.seeded(7);
    let found = 0;
    for (let i = 0; i < 400; i++) {
      const differences = Array.from({ length: 40 }, () => random.uint32() / 2 ** 32 - 0.5);
      if (signFlipTest(differences, { rounds: 400, seed: i }) <= 0.05) found++;
    }
    // 400 tests at 0.05: 20 expected, a standard deviation of 4.4.
    expect(found).toBeGreaterThan(5);
    expect(found).toBeLessThan(38);
  });
});

it('Random.seeded fills all 32 bits evenly', () => {
  const random = Random.seeded(0);
  const ones = new Array<number>(32).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const drawn = random.uint32();
    for (let bit = 0; bit < 32; bit++) ones[bit]! += (drawn >>> bit) & 1;
  }
  // A standard deviation of 71.
  for (const count of ones) expect(Math.abs(count - 10_000)).toBeLessThan(350);
});

describe('holm', () => {
  it('is the step-down correction', () => {
    // The example of Holm (1979) in R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});

const NONE = runResult('none', sixTasks([50, 40, 20, 30, 60, 50]));
const NTK = runResult('ntk:4k', sixTasks([90, 80, 25, 30, 61, 52]));
const both = [{ label: 'a', results: resultsOf([NONE, NTK]) }];

describe('compareResults', () => {
  it('puts runs side by side and tests their differences', () => {
    const { runs, baseline, tables, notes } = compareResults(both);
    expect(runs.map(({ number, label, target }) => [number, label, target])).toEqual([
      [1, 'e5rope-base none', 512],
      [2, 'e5rope-base ntk:4k', 4096],
    ]);
    expect(baseline).toBe(1);
    expect(notes).toEqual([]);
    expect(tables.map(({ name, columns }) => [name, columns.length])).toEqual([
      ['tasks', 7],
      ['passkey', 8],
      ['needle', 8],
    ]);
    const [base, own] = tables[0]!.rows;
    expect(base!.cells.every(({ difference, p }) => difference === null && p === null)).toBe(true);
    const [passkey, , , qmsum] = own!.cells;
    expect(passkey).toMatchObject({ queries: 800 });
    expect(passkey!.score).toBeCloseTo(0.9);
    expect(passkey!.difference).toBeCloseTo(0.4);
    expect(passkey!.p).toBeCloseTo(1 / 10_001);
    expect(passkey!.pHolm).toBeGreaterThan(passkey!.p!);
    expect(qmsum).toMatchObject({ difference: 0, p: 1, pHolm: 1 });
    expect(own!.cells.at(-1)).toMatchObject({ column: 'average' });
  });

  it('does not compare scores of different data, and reports it', () => {
    const other = { label: 'b', results: resultsOf([NTK], { data: 'other data' }) };
    const { tables, notes } = compareResults([{ label: 'a', results: resultsOf([NONE]) }, other]);
    for (const { difference, p, reason } of tables[0]!.rows[1]!.cells) {
      expect([difference, p, reason]).toEqual([null, null, 'other data']);
    }
    expect(notes[0]).toMatch(/^The data differ between run 2 and run 1: passkey test_256/);
  });

  it('tests over the queries that both have, and reports the number left out', () => {
    const run = (extend: string, perQuery: Record<string, number>) =>
      runResult(extend, [taskResult('qmsum', [splitResult('qmsum', perQuery)])]);
    const results = resultsOf([run('none', answers(9, 0)), run('pcw:4k', { ...answers(8, 8), other: 1 })]);
    const { tables, notes } = compareResults([{ label: 'a', results }]);
    expect(tables[0]!.rows[1]!.cells[0]).toMatchObject({ queries: 8, p: 2 / 256 });
    expect(notes).toEqual([
      '2 queries of qmsum have a score in only one of run 2 and run 1: the test is over the others.',
    ]);
  });

  it.each(['2', 'ntk:4k', 'e5rope-base ntk:4k'])('takes the baseline %s', (baseline) => {
    expect(compareResults(both, { baseline }).baseline).toBe(2);
  });

  it('refuses input that leaves nothing to compare', () => {
    const message = (call: () => unknown) => refusal(call).message;
    expect(message(() => compareResults([{ label: 'a', results: resultsOf([NONE]) }]))).toMatch(
      /^There is only one run/,
    );
    expect(message(() => compareResults(both, { baseline: 'pcw' }))).toMatch(
      /There is no run "pcw" for the baseline; the runs are 1 \(e5rope-base none\), 2 \(e5rope-base ntk:4k\)/,
    );
    expect(message(() => compareResults(both, { baseline: 'e5rope-base' }))).toMatch(
      /is ambiguous; give a run's number/,
    );
    expect(message(() => compareResults(both, { models: ['x'] }))).toMatch(
      /There is no model "x" in the results: they have e5rope-base/,
    );
    const qmsum = resultsOf(
      ['none', 'pcw:4k'].map((extend) =>
        runResult(extend, [taskResult('qmsum', [splitResult('qmsum', answers(2, 1))])]),
      ),
    );
    expect(message(() => compareResults([{ label: 'a', results: qmsum }], { tasks: ['needle'] }))).toMatch(
      /No run has the task needle: they have qmsum/,
    );
  });
});

it('comparisonTable marks significant differences', () => {
  const text = comparisonTable(compareResults(both, { tasks: ['passkey', 'qmsum'] }));
  expect(text).toContain('1  e5rope-base none (the baseline): e5rope-base.gguf cut at 512 tokens, from a');
  expect(text).toMatch(/^2 {2}e5rope-base ntk:4k +90\.0 +30\.0$/m);
  expect(text).toMatch(/^ +\+40\.0\*\* +0\.0$/m);
  expect(text).toContain('Holm');
  const other = compareResults([...both, { label: 'b', results: resultsOf([NTK], { data: 'other data' }) }]);
  expect(comparisonTable(other)).toContain('(!): the data differ, so the scores are not compared.');
});
