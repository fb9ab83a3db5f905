/** The best of many scores: which they are, in which order, and in what time. */
import { describe, expect, it } from 'vitest';
import { Best, kthLargest } from '../../lib/chunk-index/aggregate.js';
import { ChunkIndex } from '../../lib/index.js';

/** Numbers with many equal ones among them, in no order. */
function scores(count: number, distinct: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % distinct;
  });
}

/** The best by sorting all; the sort is stable. */
function sorted(all: readonly number[], limit: number): { value: number; score: number }[] {
  return all
    .map((score, value) => ({ value, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, limit);
}

function bestOf(all: readonly number[], limit: number): readonly { value: number; score: number }[] {
  const best = new Best<number>(limit);
  for (const [value, score] of all.entries()) best.offer(value, score);
  return best.entries;
}

describe('Best', () => {
  it.each([1, 2, 10, 64, 65, 500, 999, 1000, 1001, 2 ** 40])(
    'has the best %d, of equal ones the first',
    (limit) => {
      for (const distinct of [1, 3, 40, 2 ** 24]) {
        const all = scores(1000, distinct);
        expect(bestOf(all, limit)).toEqual(sorted(all, limit));
      }
      const rising = Array.from({ length: 1000 }, (_, i) => i);
      expect(bestOf(rising, limit)).toEqual(sorted(rising, limit));
      expect(bestOf(rising.toReversed(), limit)).toEqual(sorted(rising.toReversed(), limit));
    },
  );

  it('goes on after it was asked', () => {
    const all = scores(600, 50);
    const best = new Best<number>(100);
    for (const [value, score] of all.entries()) {
      best.offer(value, score);
      if (value % 7 === 0) expect(best.entries).toEqual(sorted(all.slice(0, value + 1), 100));
    }
  });

  it('takes scores of −∞ until there are enough others', () => {
    expect(bestOf([-Infinity, 1, -Infinity], 2).map(({ value }) => value)).toEqual([1, 0]);
  });

  it('takes all of many in a moment, the best of them last', { timeout: 5000 }, () => {
    // Putting each of them into its place would move 10^11 entries.
    const rising = Array.from({ length: 500_000 }, (_, i) => i);
    const entries = bestOf(rising, rising.length);
    expect([entries.length, entries[0]?.value, entries.at(-1)?.value]).toEqual([500_000, 499_999, 0]);
  });
});

describe('kthLargest', () => {
  it('is that of the sorted numbers', () => {
    const all = Float64Array.from(scores(500, 60));
    const descending = all.toSorted((a, b) => b - a);
    for (const k of [1, 2, 7, 100, 499, 500]) expect(kthLargest(all, k)).toBe(descending[k - 1]);
    expect(kthLargest(all, 501)).toBe(-Infinity);
  });
});

describe('ChunkIndex.search', () => {
  it('gives all chunks of a large index in a moment', { timeout: 20_000 }, async () => {
    const index = new ChunkIndex();
    const count = 200_000;
    const chunks = Array.from({ length: count }, (_, i) => {
      const angle = (Math.PI / 2) * (1 - i / count);
      return { embedding: Float32Array.of(Math.cos(angle), Math.sin(angle)), start: i, end: i };
    });
    index.add('a', chunks);
    const begin = performance.now();
    const hits = await index.search(Float32Array.of(1, 0), { k: 2 * count, by: 'chunk' });
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect([hits.length, hits[0]?.score, hits.at(-1)?.chunk]).toEqual([count, 1, 0]);
    expect(hits.every(({ score }, i) => score <= (hits[i - 1]?.score ?? 1))).toBe(true);
    await expect(index.search(Float32Array.of(1, 0), { threads: 1e9 })).rejects.toThrow(
      'The option threads is 1000000000: it must be a whole number from 0 to 1024',
    );
  });
});
