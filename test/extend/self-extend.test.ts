import { describe, expect, it } from 'vitest';
import { largestRelativePosition, relativePosition } from '../../lib/extend/index.js';

/** What the token at `query` sees of n tokens, keys less query as design §5 prints it. */
const seen = (query: number, n: number, g: number, w: number): number[] =>
  Array.from({ length: n }, (_, key) => 0 - relativePosition(query, key, g, w));

describe('relative positions of self-extend', () => {
  it('are those of the worked example: w = 4, g = 2, ten tokens', () => {
    expect(seen(0, 10, 2, 4)).toEqual([0, 1, 2, 3, 4, 4, 5, 5, 6, 6]);
    expect(seen(4, 10, 2, 4)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4, 4]);
  });

  it('are the plain ones with g = 1 or a window that holds everything', () => {
    const plain = Array.from({ length: 10 }, (_, key) => key - 3);
    expect(seen(3, 10, 1, 4)).toEqual(plain);
    expect(seen(3, 10, 5, 10)).toEqual(plain);
  });

  it('are largest where largestRelativePosition says', () => {
    for (const [g, w] of [
      [2, 4],
      [3, 7],
      [9, 1],
      [1, 5],
      [4, 40],
    ] as const) {
      const all = Array.from({ length: 30 }, (_, query) => seen(query, 30, g, w)).flat();
      expect(largestRelativePosition(30, g, w)).toBe(Math.max(...all));
    }
  });
});
