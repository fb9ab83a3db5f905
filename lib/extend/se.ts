import { type CommonKeys, defineStrategy, needsGraph, needsRope, WHOLE } from './strategy.js';

/** Self-extend: exact relative positions within a window, grouped ones beyond it. */
export interface SeExtend extends CommonKeys {
  method: 'se';
  /** Tokens of a group: a whole number from 1. Default: s + 1. */
  g?: number | undefined;
  /** Width of the near window in tokens: a whole number from 1. Default: ⌊Lo / s⌋, at least 1. */
  w?: number | undefined;
}

/**
 * Self-extend (paper §4.3, design §5): keys nearer than w tokens keep their relative position; of the others the
 * earlier side is rotated by ⌊·/g⌋ and the later by ⌊·/g⌋ + w − ⌊w/g⌋. The native side does it, exactly, from g and w.
 * The defaults g = s + 1 and w = Lo / s are the paper's (Table 6).
 */
export const se = defineStrategy<SeExtend>({
  method: 'se',
  title: 'self-extend',
  help: "self-extend: exact within w= tokens, groups of g= beyond; the paper's best for E5-RoPE",
  keys: { g: WHOLE, w: WHOLE },
  file: 'it rotates near and far tokens differently, and GGUF has one rotation for all',
  refuses: (context) => needsRope(context) ?? needsGraph(context, 'attention in a near and a far part'),
  // A causal model's attention must not depend on how much text follows.
  defaultAttentionScale: ({ causal }) => (causal ? 'position' : 'length'),
  defaults: ({ nativeContext, scale }) => ({
    g: scale + 1,
    w: Math.max(1, Math.floor(nativeContext / scale)),
  }),
  warnings({ g, w }, { nativeContext }, limit) {
    const largest = largestRelativePosition(limit, g, w);
    // The paper's own g and w reach exactly Lo, one past the largest native distance: that is no reason to warn.
    if (largest <= nativeContext) return [];
    const fits = groupThatFits(limit, w, nativeContext);
    return [
      `Self-extend with g=${g},w=${w} reaches relative position ${largest} at ${limit} tokens, past the native context of ` +
        `${nativeContext}: ${fits === null ? `no group fits with w=${w}; give w of at most ${nativeContext}` : `g=${fits} would fit`}.`,
    ];
  },
  layout: ({ g, w }) => ({ selfExtend: [g, w] }),
});

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

/** The smallest group with which n tokens stay within `limit`, by bisection; null when the window alone exceeds it. */
function groupThatFits(n: number, w: number, limit: number): number | null {
  if (largestRelativePosition(n, n, w) > limit) return null;
  let [tooSmall, fits] = [0, n];
  while (fits - tooSmall > 1) {
    const middle = (fits + tooSmall) >>> 1;
    if (largestRelativePosition(n, middle, w) <= limit) fits = middle;
    else tooSmall = middle;
  }
  return fits;
}
