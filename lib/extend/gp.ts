import { atLeastTarget, reachOf } from './reach.js';
import { needsGraph, needsPositions } from './reasons.js';
import { MAX_TOKENS, type Strategy } from './strategy.js';

/** Grouped positions (paper §4.2, design §5): s neighbours share a position, ⌊i / s⌋, so the largest stays below Lo. */
export const gp: Strategy = {
  method: 'gp',
  title: 'grouped positions',
  keys: { s: { whole: true, min: 1, max: MAX_TOKENS } },
  changesShortInputs: false,
  refuses: (facts) => needsPositions(facts) ?? needsGraph(facts, 'tokens that share a position'),
  defaultTarget: reachOf,
  parameters: (given, facts, target) => ({ s: atLeastTarget(given, facts, target) }),
  layout({ s }, { nativeContext }, n) {
    const group = s ?? Math.ceil(n / nativeContext);
    return { positions: Float32Array.from({ length: n }, (_, i) => Math.floor(i / group)) };
  },
};
