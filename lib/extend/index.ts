/**
 * The context-extension strategies: pure functions from a spec, a model's facts and a token count to plans for the
 * native side. Each strategy is defined in a file of its own and listed in strategies.ts.
 */
export { planDocument } from './plan.js';
export { planOverlapping } from './overlapping.js';
export {
  exactSpec,
  type ResolvedExtend,
  resolveExtend,
  sizesOf,
  type StrategySupport,
  supportedStrategies,
  withDefaults,
} from './resolve.js';
export { largestRelativePosition, relativePosition } from './se.js';
export { formatExtend, parseExtend } from './spec.js';
export { type Extend, type Method, METHODS, STRATEGIES } from './strategies.js';
export type { DntkExtend } from './dntk.js';
export type { GpExtend } from './gp.js';
export type { NoneExtend } from './none.js';
export type { NtkExtend } from './ntk.js';
export type { PcwExtend } from './pcw.js';
export type { PiExtend } from './pi.js';
export type { RpExtend } from './rp.js';
export type { SeExtend } from './se.js';
export type { YarnExtend } from './yarn.js';
export type { AttentionScale, Overhead, StrategyContext, WindowPlan, WindowPooling } from './strategy.js';
