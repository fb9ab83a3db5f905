import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BestDocuments } from '../../../bench/metrics/search.js';

it('is a stable sort by score, for any kind of float', () => {
  const score = fc.oneof(
    fc.float({ noNaN: true }),
    fc.constantFrom(0, -0, 1e-45, -1e-45, 0.5, -0.5, 3.4e38, -3.4e38, Infinity, -Infinity),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(score, { minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 11 }),
      (rows, top) => {
        const ids = Array.from({ length: 9 }, (_, i) => `d${i}`);
        const best = new BestDocuments(ids);
        // the scores of several queries lie one after the other
        const all = new Float32Array(rows.flat());
        for (const row of rows.keys()) {
          const scores = all.subarray(row * 9, (row + 1) * 9);
          const expected = ids
            .map((id, i) => ({ id, score: scores[i]! }))
            .sort((a, b) => (a.score > b.score ? -1 : a.score < b.score ? 1 : 0))
            .slice(0, top);
          expect(best.of(scores, top)).toEqual(expected);
        }
      },
    ),
  );
});
