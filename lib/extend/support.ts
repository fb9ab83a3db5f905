import { METHODS, STRATEGIES } from './strategies.js';
import type { ExtendFacts, Method } from './types.js';

/** Whether a model can take a strategy. `reason` and `note` are clauses without a full stop. */
export interface StrategySupport {
  method: Method;
  supported: boolean;
  /** Why the model cannot take it; null when it can. */
  reason: string | null;
  /** What is particular about it on this model; null when nothing is, or when the model cannot take it. */
  note: string | null;
}

/** Every strategy with whether the model can take it and why not, in the order none, pcw, gp, rp, pi, ntk, se. */
export function supportedStrategies(facts: ExtendFacts): StrategySupport[] {
  return METHODS.map((method) => {
    const strategy = STRATEGIES[method];
    const reason = strategy.refuses(facts);
    const note = reason === null ? (strategy.notes?.(facts) ?? null) : null;
    return { method, supported: reason === null, reason, note };
  });
}
