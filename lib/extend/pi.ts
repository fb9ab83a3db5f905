import { atLeastTarget, reachOf } from './reach.js';
import { needsGraph, needsPositions, notScaled } from './reasons.js';
import { MAX_TOKENS, type Strategy } from './strategy.js';

/**
 * Position interpolation (paper §4.2, design §5): i / s with s = Lt / Lo, fixed, so that a token's position does not
 * depend on the length of its text. RoPE takes it as a factor on positions; a position matrix is interpolated between
 * its rows, and past the last row it gives the last row.
 */
export const pi: Strategy = {
  method: 'pi',
  title: 'position interpolation',
  keys: { s: { whole: false, min: 1, max: MAX_TOKENS } },
  changesShortInputs: false,
  refuses: (facts) =>
    needsPositions(facts) ??
    (facts.positionEncoding === 'absolute'
      ? needsGraph(facts, 'positions between the rows of the matrix')
      : null),
  notes: notScaled,
  defaultTarget: reachOf,
  parameters: (given, facts, target) => ({
    s: atLeastTarget(given, facts, target) ?? target / facts.nativeContext,
  }),
  layout({ s }, { positionEncoding, positionRows }, n) {
    const divisor = s ?? 1;
    if (positionEncoding === 'rope') return { ropeScale: 1 / divisor };
    const lastRow = positionRows - 1;
    return { positions: Float32Array.from({ length: n }, (_, i) => Math.min(i / divisor, lastRow)) };
  },
};
