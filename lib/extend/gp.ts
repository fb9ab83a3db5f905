import { checkDivisor, defaultTarget } from './divisor.js';
import { type CommonKeys, defineStrategy, needsGraph, needsPositions, WHOLE } from './strategy.js';

/** Grouped positions: ⌊i / s⌋. */
export interface GpExtend extends CommonKeys {
  method: 'gp';
  /** A whole number from 1. Default: ⌈n / Lo⌉ of each sequence. */
  s?: number | undefined;
}

/** Grouped positions (paper §4.2, design §5): s neighbours share a position, ⌊i / s⌋, so the largest stays below Lo. */
export const gp = defineStrategy<GpExtend, { s?: number }>({
  method: 'gp',
  title: 'grouped positions',
  help: 'grouped positions: s= neighbouring tokens share one',
  keys: { s: WHOLE },
  file: {
    encodings: ['absolute'],
    changesShortInputs: true,
    inFile: ({ s }, { scale }) => ({ s: s ?? scale }),
    note: ({ s }, { nativeContext, scale }) =>
      s === undefined
        ? `longembed's own gp derives s from each text's length, ⌈n / ${nativeContext}⌉; in the file it is always ${scale}.`
        : null,
  },
  refuses: (context) => needsPositions(context) ?? needsGraph(context, 'tokens that share a position'),
  defaultTarget,
  defaults: () => ({}),
  check: checkDivisor,
  layout({ s }, { nativeContext }, n) {
    const group = s ?? Math.ceil(n / nativeContext);
    return { positions: Float32Array.from({ length: n }, (_, i) => Math.floor(i / group)) };
  },
});
