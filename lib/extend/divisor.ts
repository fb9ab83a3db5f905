/** The divisor `s` of positions that gp and pi share. */
import { LongEmbedError } from '../error.js';
import { paperTarget, type StrategyContext } from './strategy.js';

/** The target of a strategy with a divisor when none was given: 8 × Lo, but not past s × Lo. */
export function defaultTarget(given: { s?: number | undefined }, context: StrategyContext): number {
  const target = paperTarget(given, context);
  return given.s === undefined ? target : Math.min(target, Math.floor(given.s * context.nativeContext));
}

/**
 * Positions of the target must stay within the native context, so s × Lo has to reach the target: with less, the last tokens
 * would silently share the last row of a position matrix, or leave the range that a RoPE model was trained on.
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export function checkDivisor(
  { s }: { s?: number },
  { nativeContext }: StrategyContext,
  target: number,
): void {
  // Either may be rounded: the default of pi, target / Lo, times Lo may come out below the target.
  if (s === undefined || s * nativeContext >= target || s >= target / nativeContext) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `s is ${s}: with a native context of ${nativeContext} that reaches ${Math.floor(s * nativeContext)} tokens, ` +
      `not the target of ${target}. Give s of at least ${Math.ceil(target / nativeContext)}, or a lower target.`,
  );
}
