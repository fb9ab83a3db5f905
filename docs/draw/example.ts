/** The example in the pictures: a model small enough to see every token, and a text that fills the target. */
import {
  type StrategyContext,
  type Method,
  planDocument,
  type ResolvedExtend,
  resolveExtend,
  type WindowPlan,
} from '../../lib/extend/index.js';

/** A RoPE model, which supports every strategy. */
export const MODEL: StrategyContext = {
  nativeContext: 16,
  positionEncoding: 'rope',
  positionRows: 0,
  causal: false,
  ropeBase: 10_000,
  ropeDimensions: 64,
  engine: 'graph',
};

/** Tokens before and after the content of every window: [CLS] and [SEP]. */
export const OVERHEAD = { before: 1, after: 1 };

export interface Planned {
  readonly resolved: ResolvedExtend;
  readonly windows: readonly WindowPlan[];
}

/** The library's plan for a text of `tokens` tokens, special ones included, with that target and all defaults. */
export function plan(method: Method, tokens: number, model: StrategyContext = MODEL): Planned {
  const resolved = resolveExtend({ method, target: tokens }, model);
  return {
    resolved,
    windows: planDocument(resolved, model, tokens - OVERHEAD.before - OVERHEAD.after, OVERHEAD),
  };
}

/** The positions of a window's tokens, special ones included, as the model uses them. */
export function positionsOf({ from, to, positions, ropeScale }: WindowPlan): number[] {
  const n = to - from + OVERHEAD.before + OVERHEAD.after;
  return Array.from({ length: n }, (_, i) => (positions?.[i] ?? i) * ropeScale);
}
