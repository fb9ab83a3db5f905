import type { StrategyContext } from '../../lib/extend/index.js';

/** The facts of models that stand for each position encoding; native context 512 unless a test says otherwise. */
const base: StrategyContext = {
  nativeContext: 512,
  positionEncoding: 'rope',
  positionRows: 0,
  causal: false,
  ropeBase: 10_000,
  ropeDimensions: 64,
  engine: 'graph',
};

export const rope = (more: Partial<StrategyContext> = {}): StrategyContext => ({ ...base, ...more });

export const absolute = (more: Partial<StrategyContext> = {}): StrategyContext => ({
  ...base,
  positionEncoding: 'absolute',
  positionRows: 512,
  ropeBase: 0,
  ropeDimensions: 0,
  ...more,
});

export const without = (positionEncoding: 'alibi' | 'relative' | 'none'): StrategyContext => ({
  ...base,
  positionEncoding,
  ropeBase: 0,
  ropeDimensions: 0,
});

/** The code and message of what a function throws. */
export function thrown(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  throw new Error('nothing was thrown');
}
