import { LongEmbedError } from '../error.js';
import type { ResolvedExtend } from './resolve.js';
import { STRATEGIES } from './strategies.js';
import type { Overhead, StrategyContext, WindowPlan } from './strategy.js';
import { yarnLogitFactor } from './yarn.js';

/**
 * The sequences that embed one document.
 * @param contentTokens tokens of the content; the caller has cut them to the limit where that was asked for
 * @param overhead tokens of the prompt and the special tokens before and after the content of every window
 * @returns one plan per window, in order; all but pcw have one window
 * @throws LongEmbedError ERR_INPUT_TOO_LONG past the limit; ERR_INVALID_OPTION when a window has no room for content
 */
export function planDocument(
  resolved: ResolvedExtend,
  context: StrategyContext,
  contentTokens: number,
  overhead: Overhead,
): WindowPlan[] {
  const overheadTokens = overhead.before + overhead.after;
  if (contentTokens + overheadTokens > resolved.limit) {
    throw new LongEmbedError(
      'ERR_INPUT_TOO_LONG',
      `The text is ${contentTokens + overheadTokens} tokens with its prompt and special tokens, and ${resolved.spec} takes ${resolved.limit}.`,
    );
  }
  const strategy = STRATEGIES[resolved.method];
  const spans = strategy.windows?.(context, contentTokens, overhead) ?? [{ from: 0, to: contentTokens }];
  return spans.map(({ from, to }) => {
    const n = to - from + overheadTokens;
    const applies = strategy.changesShortInputs || n > context.nativeContext;
    return {
      from,
      to,
      positions: null,
      selfExtend: null,
      ropeBase: 0,
      ropeScale: 1,
      ropeFactors: null,
      ...(applies ? strategy.layout(resolved.parameters, context, n) : {}),
      logitScale: logitScale(resolved, n, context.nativeContext),
    };
  });
}

/**
 * The factors on the attention logits of a sequence (design §5, "Attention scaling").
 * @param n tokens of the sequence
 * @param nativeContext Lo in tokens
 * @returns one factor per token, or null when all are 1: within the native context, or switched off
 */
function logitScale(
  { attentionScale, target }: Pick<ResolvedExtend, 'attentionScale' | 'target'>,
  n: number,
  nativeContext: number,
): Float32Array | null {
  if (attentionScale === 'off' || n <= nativeContext) return null;
  if (attentionScale === 'yarn') return new Float32Array(n).fill(yarnLogitFactor(target / nativeContext));
  const factor = (tokens: number): number => Math.max(1, Math.log(tokens) / Math.log(nativeContext));
  return attentionScale === 'length'
    ? new Float32Array(n).fill(factor(n))
    : Float32Array.from({ length: n }, (_, i) => factor(i + 1));
}
