import type { DevScore } from './options.js';

/** The course of a run. */
export interface History {
  /** Of each step done. */
  readonly losses: readonly number[];
  /** Judgements on held-out pairs, in order; the first is of the rows before the first step. */
  readonly dev: readonly DevScore[];
}

/** Whether a judgement is better than another. */
export function isBetter(a: DevScore, b: DevScore): boolean {
  return a.reciprocalRank === b.reciprocalRank ? a.loss < b.loss : a.reciprocalRank > b.reciprocalRank;
}

/** The best judgement, the earliest of equals; null where there is none. */
export function bestOf(dev: readonly DevScore[]): DevScore | null {
  return dev.reduce<DevScore | null>(
    (best, one) => (best === null || isBetter(one, best) ? one : best),
    null,
  );
}
