import { LongEmbedError } from '../error.js';
import { logitScale } from './attention-scale.js';
import { STRATEGIES } from './strategies.js';
import type { ExtendFacts, Overhead, ResolvedExtend, WindowPlan } from './types.js';

/**
 * The sequences that embed one document.
 * @param contentTokens tokens of the content; the caller has cut them to the limit where that was asked for
 * @param overhead tokens of the prompt and the special tokens before and after the content of every window
 * @returns one plan a window, in order; all but pcw have one window
 * @throws LongEmbedError ERR_INPUT_TOO_LONG past the limit; ERR_INVALID_OPTION when a window has no room for content
 */
export function planDocument(
  resolved: ResolvedExtend,
  facts: ExtendFacts,
  contentTokens: number,
  overhead: Overhead,
): WindowPlan[] {
  const around = overhead.before + overhead.after;
  if (contentTokens + around > resolved.limit) {
    throw new LongEmbedError(
      'ERR_INPUT_TOO_LONG',
      `The text is ${contentTokens + around} tokens with its prompt and special tokens, and ${resolved.spec} takes ${resolved.limit}.`,
    );
  }
  const strategy = STRATEGIES[resolved.method];
  const spans = strategy.windows?.(resolved, facts, contentTokens, overhead) ?? [
    { from: 0, to: contentTokens },
  ];
  return spans.map(({ from, to }) => {
    const n = to - from + around;
    const applies = strategy.changesShortInputs || n > facts.nativeContext;
    return {
      from,
      to,
      positions: null,
      selfExtend: null,
      ropeBase: 0,
      ropeScale: 1,
      ...(applies ? strategy.layout(resolved, facts, n) : {}),
      logitScale: logitScale(resolved.attentionScale, n, facts.nativeContext),
    };
  });
}
