import { LongEmbedError } from '../error.js';
import { notScaled } from './reasons.js';
import { MAX_TOKENS, type Strategy } from './strategy.js';

/**
 * No extension: positions are the indices (design §5). With a target, RoPE, ALiBi and T5 models simply run past
 * their native context, the baseline to beat; a position matrix carries a model no further than its last row.
 */
export const none: Strategy = {
  method: 'none',
  title: 'no extension',
  keys: {},
  changesShortInputs: false,
  refuses: () => null,
  notes: (facts) =>
    facts.positionEncoding === 'absolute'
      ? `at most ${facts.positionRows} tokens, the rows of its position matrix`
      : notScaled(facts),
  defaultTarget: (_given, facts) => facts.nativeContext,
  parameters(_given, facts, target) {
    const rows = facts.positionEncoding === 'absolute' ? facts.positionRows : MAX_TOKENS;
    if (target > rows) {
      const range =
        rows > facts.nativeContext ? `give a target from ${facts.nativeContext} to ${rows}, or ` : '';
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `target is ${target}, but this model's position matrix ends at ${rows} tokens and none cannot go past it: ` +
          `${range}use a strategy that extends (pcw, gp, rp, pi).`,
      );
    }
    return {};
  },
  layout: () => ({}),
};
