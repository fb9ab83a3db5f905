import { needsGraph, needsPositions } from './reasons.js';
import { paperTarget, type Strategy } from './strategy.js';

/** Recurrent positions (paper §4.2, design §5): i mod Lo, the native positions over and over. */
export const rp: Strategy = {
  method: 'rp',
  title: 'recurrent positions',
  keys: {},
  changesShortInputs: false,
  refuses: (facts) => needsPositions(facts) ?? needsGraph(facts, 'positions that start over'),
  defaultTarget: paperTarget,
  parameters: () => ({}),
  layout: (_resolved, { nativeContext }, n) => ({
    positions: Float32Array.from({ length: n }, (_, i) => i % nativeContext),
  }),
};
