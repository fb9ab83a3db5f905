import { LongEmbedError } from '../error.js';
import { paperTarget } from './strategy.js';
import type { Extend, ExtendFacts } from './types.js';

function givenScale(given: Extend): number | null {
  return 's' in given && given.s !== undefined ? given.s : null;
}

/** The target of a strategy with a fixed divisor `s` when none was given: 8 × Lo, as far as s × Lo reaches. */
export function reachOf(given: Extend, facts: ExtendFacts): number {
  const s = givenScale(given);
  const usual = paperTarget(given, facts);
  return s === null ? usual : Math.min(usual, Math.floor(s * facts.nativeContext));
}

/**
 * The fixed divisor `s` of positions, or null when none was given. Positions of the target must stay within the
 * native context, so s × Lo has to reach the target; with less, the last tokens would silently share the last row of
 * a position matrix, or leave the range that a RoPE model was trained on.
 */
export function atLeastTarget(given: Extend, facts: ExtendFacts, target: number): number | null {
  const s = givenScale(given);
  if (s === null || s * facts.nativeContext >= target) return s;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `s is ${s}: with a native context of ${facts.nativeContext} that reaches ${Math.floor(s * facts.nativeContext)} tokens, ` +
      `not the target of ${target}. Give s of at least ${Math.ceil(target / facts.nativeContext)}, or a lower target.`,
  );
}
