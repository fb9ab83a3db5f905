import { type CommonKeys, defineStrategy, needsGraph, needsPositions } from './strategy.js';

/** Recurrent positions: i mod Lo. */
export interface RpExtend extends CommonKeys {
  method: 'rp';
}

/** Recurrent positions (paper §4.2, design §5): i mod Lo, the native positions, repeated. */
export const rp = defineStrategy<RpExtend>({
  method: 'rp',
  title: 'recurrent positions',
  help: 'recurrent positions: the native ones over and over',
  keys: {},
  file: { encodings: ['absolute'], changesShortInputs: false },
  refuses: (context) => needsPositions(context) ?? needsGraph(context, 'positions that start over'),
  defaults: () => ({}),
  layout: (_parameters, { nativeContext }, n) => ({
    positions: Float32Array.from({ length: n }, (_, i) => i % nativeContext),
  }),
});
