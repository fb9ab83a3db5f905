import { LongEmbedError } from '../error.js';
import { type CommonKeys, defineStrategy, MAX_TOKENS, notScaled } from './strategy.js';

/** No extension. With a target, a model without a position matrix simply runs past its native context. */
export interface NoneExtend extends CommonKeys {
  method: 'none';
}

/**
 * No extension: positions are the indices (design §5). With a target, RoPE, ALiBi and T5 models simply run past
 * their native context, the baseline to beat; with a position matrix, no model goes past the last row.
 */
export const none = defineStrategy<NoneExtend>({
  method: 'none',
  title: 'no extension',
  help: 'no extension; with a target, RoPE and ALiBi models run past their native context',
  keys: {},
  file: 'it changes nothing',
  notes: (context) =>
    context.positionEncoding === 'absolute'
      ? `at most ${context.positionRows} tokens, the rows of its position matrix`
      : notScaled(context),
  defaultTarget: (_given, { nativeContext }) => nativeContext,
  defaults: () => ({}),
  check(_parameters, { positionEncoding, positionRows, nativeContext }, target) {
    const rows = positionEncoding === 'absolute' ? positionRows : MAX_TOKENS;
    if (target <= rows) return;
    const range = rows > nativeContext ? `give a target from ${nativeContext} to ${rows}, or ` : '';
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `target is ${target}, but this model's position matrix ends at ${rows} tokens and none cannot go past it: ` +
        `${range}use a strategy that extends (pcw, gp, rp, pi).`,
    );
  },
  layout: () => ({}),
});
