import { checkDivisor, defaultTarget } from './divisor.js';
import {
  type CommonKeys,
  defineStrategy,
  MAX_TOKENS,
  needsGraph,
  needsPositions,
  notScaled,
} from './strategy.js';

/** Position interpolation: i / s. */
export interface PiExtend extends CommonKeys {
  method: 'pi';
  /** A number from 1, fractions allowed. Default: Lt / Lo. */
  s?: number | undefined;
}

/**
 * Position interpolation (paper §4.2, design §5): i / s with s = Lt / Lo, fixed, so that a token's position does not
 * depend on the length of its text. RoPE takes it as a factor on positions; a position matrix is interpolated between
 * its rows, and past the last row it gives the last row.
 */
export const pi = defineStrategy<PiExtend>({
  method: 'pi',
  title: 'position interpolation',
  help: 'interpolated positions: divided by s=, so that all fit into the native range',
  keys: { s: { whole: false, min: 1, max: MAX_TOKENS } },
  file: { encodings: ['absolute', 'rope'], changesShortInputs: true },
  refuses: (context) =>
    needsPositions(context) ??
    (context.positionEncoding === 'absolute'
      ? needsGraph(context, 'positions between the rows of the matrix')
      : null),
  notes: notScaled,
  defaultTarget,
  defaults: ({ nativeContext, target }) => ({ s: target / nativeContext }),
  check: checkDivisor,
  layout({ s }, { positionEncoding, positionRows }, n) {
    if (positionEncoding === 'rope') return { ropeScale: 1 / s };
    const lastRow = positionRows - 1;
    return { positions: Float32Array.from({ length: n }, (_, i) => Math.min(i / s, lastRow)) };
  },
});
