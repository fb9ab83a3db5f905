/**
 * The context-extension strategies: pure functions from a spec, a model's facts and a token count to plans for the
 * native side. A file a strategy; what they share is in strategy.ts.
 */
export { formatExtend, parseExtend } from './spec.js';
export { planDocument } from './plan.js';
export { resolveExtend } from './resolve.js';
export { largestRelativePosition, relativePosition } from './se.js';
export { supportedStrategies, type StrategySupport } from './support.js';
export type {
  AttentionScale,
  Extend,
  ExtendFacts,
  GpExtend,
  Method,
  NoneExtend,
  NtkExtend,
  Overhead,
  PcwExtend,
  PiExtend,
  ResolvedExtend,
  RpExtend,
  SeExtend,
  WindowPlan,
} from './types.js';
