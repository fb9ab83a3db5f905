import { planDocument } from './plan.js';
import type { ResolvedExtend } from './resolve.js';
import { STRATEGIES } from './strategies.js';
import type { Overhead, StrategyContext, WindowPlan } from './strategy.js';
import { fullWindows } from './windows.js';

/** Tokens that neighbouring windows share, at most: what Jina's long late chunking takes (arXiv 2409.04701 §3.1). */
const MAX_OVERLAP = 512;

/**
 * The sequences that embed a document of any length so that every token has context before it in at least one of them (design §5,
 * "chunk vectors"): one where all fits, else windows that share up to a quarter of their tokens. A strategy with windows of its own
 * (pcw) cuts them as its keys say, and shares so much where it does not say how much.
 * @param limit tokens of a sequence at most, prompt and special tokens included; more than those
 * @throws LongEmbedError ERR_INVALID_OPTION when the strategy's windows have no room, or would not advance
 */
export function planOverlapping(
  resolved: ResolvedExtend,
  context: StrategyContext,
  limit: number,
  contentTokens: number,
  overhead: Overhead,
): WindowPlan[] {
  const strategy = STRATEGIES[resolved.method];
  const size = strategy.windows === undefined ? limit : Math.min(limit, context.nativeContext);
  const capacity = size - overhead.before - overhead.after;
  const overlap = Math.min(MAX_OVERLAP, Math.floor(capacity / 4));
  const spans =
    strategy.windows?.(
      { overlap, ...resolved.parameters },
      { ...context, nativeContext: size },
      contentTokens,
      overhead,
    ) ?? fullWindows(contentTokens, capacity, overlap);
  return spans.map(({ from, to }) => {
    const [plan] = planDocument(resolved, context, to - from, overhead);
    if (plan === undefined) throw new Error('a strategy gave no window');
    return { ...plan, from, to };
  });
}
