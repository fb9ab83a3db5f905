import { needsGraph, needsRope } from './reasons.js';
import { MAX_TOKENS, paperTarget, type Strategy } from './strategy.js';

const whole = { whole: true, min: 1, max: MAX_TOKENS } as const;

/**
 * Self-extend (paper §4.3, design §5): keys nearer than w tokens keep their relative position; of the others the
 * earlier side is rotated by ⌊·/g⌋ and the later by ⌊·/g⌋ + w − ⌊w/g⌋. The native side does it, exactly, from g and w.
 * The defaults g = s + 1 and w = Lo / s are the paper's (Table 6).
 */
export const se: Strategy = {
  method: 'se',
  title: 'self-extend',
  keys: { g: whole, w: whole },
  changesShortInputs: false,
  refuses: (facts) => needsRope(facts) ?? needsGraph(facts, 'attention in a near and a far part'),
  defaultTarget: paperTarget,
  parameters(given, facts, target) {
    const scale = Math.ceil(target / facts.nativeContext);
    const { g, w } = given.method === 'se' ? given : {};
    return { g: g ?? scale + 1, w: w ?? Math.max(1, Math.floor(facts.nativeContext / scale)) };
  },
  warnings({ g, w, limit }, { nativeContext }) {
    const largest = largestRelativePosition(limit, g ?? 1, w ?? 1);
    // The paper's own g and w reach exactly Lo, one past the largest native distance: that is no reason to warn.
    if (largest <= nativeContext) return [];
    const fits = groupThatFits(limit, w ?? 1, nativeContext);
    return [
      `Self-extend with g=${g},w=${w} reaches relative position ${largest} at ${limit} tokens, past the native context of ` +
        `${nativeContext}: ${fits === null ? `no group fits with w=${w}; give w of at most ${nativeContext}` : `g=${fits} would fit`}.`,
    ];
  },
  layout: ({ g, w }) => ({ selfExtend: [g ?? 1, w ?? 1] }),
};

/**
 * The relative position that self-extend gives to two tokens.
 * @param query index of the query
 * @param key index of the key; before or after the query
 * @returns query's position less key's, as the attention sees it (design §5 has a worked example)
 */
export function relativePosition(query: number, key: number, g: number, w: number): number {
  const distance = Math.abs(query - key);
  if (distance < w) return query - key;
  const earlier = Math.floor(Math.min(query, key) / g);
  const later = Math.floor(Math.max(query, key) / g) + w - Math.floor(w / g);
  return query > key ? later - earlier : earlier - later;
}

/** The largest relative position among n tokens: the last token seen from the first, or the edge of the window. */
export function largestRelativePosition(n: number, g: number, w: number): number {
  const near = Math.min(w, n) - 1;
  return Math.max(near, relativePosition(n - 1, 0, g, w));
}

/** A group with which n tokens stay within `reach`, as small as bisection finds it; null when the window alone leaves it. */
function groupThatFits(n: number, w: number, reach: number): number | null {
  if (largestRelativePosition(n, n, w) > reach) return null;
  let [tooSmall, fits] = [0, n];
  while (fits - tooSmall > 1) {
    const middle = (fits + tooSmall) >>> 1;
    if (largestRelativePosition(n, middle, w) <= reach) fits = middle;
    else tooSmall = middle;
  }
  return fits;
}
