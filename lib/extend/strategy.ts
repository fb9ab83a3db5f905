import type {
  Extend,
  ExtendFacts,
  Method,
  Overhead,
  Parameters,
  ResolvedExtend,
  WindowPlan,
} from './types.js';

/** The keys that only some strategies take. */
export type OwnKey = 's' | 'lambda' | 'g' | 'w';

/** The values a key takes; a whole number may be written as a size (4k). */
export interface Range {
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
}

/** Where a window's content lies: [from, to). */
export type Span = Pick<WindowPlan, 'from' | 'to'>;

/** How one sequence's positions and attention differ from the default. */
export type Layout = Partial<Pick<WindowPlan, 'positions' | 'selfExtend' | 'ropeBase' | 'ropeScale'>>;

/** One way to extend: a file beside this one each. All functions are pure. */
export interface Strategy {
  readonly method: Method;
  /** What people call it, for messages. */
  readonly title: string;
  /** Its own keys; `target` and `attention-scale` go with every strategy. */
  readonly keys: Readonly<Partial<Record<OwnKey, Range>>>;
  /** Why a model cannot take it, a clause without a full stop; null when it can. */
  refuses(facts: ExtendFacts): string | null;
  /** What is particular about it on a model that can take it, a clause; left out or null: nothing. */
  notes?(facts: ExtendFacts): string | null;
  /** The target when none was given, in tokens. */
  defaultTarget(given: Extend, facts: ExtendFacts): number;
  /** Fills defaults. Throws ERR_INVALID_OPTION where a number does not go with the target or the model. */
  parameters(given: Extend, facts: ExtendFacts, target: number): Partial<Parameters>;
  /** Sentences about values that are allowed but odd. */
  warnings?(resolved: Omit<ResolvedExtend, 'warnings'>, facts: ExtendFacts): string[];
  /** Cuts content into windows; left out: one window of everything. */
  windows?(resolved: ResolvedExtend, facts: ExtendFacts, contentTokens: number, overhead: Overhead): Span[];
  /** Whether sequences within the native context change too. */
  readonly changesShortInputs: boolean;
  /** The layout of a sequence of n tokens. */
  layout(resolved: ResolvedExtend, facts: ExtendFacts, n: number): Layout;
}

/** Positions are stored as float32, which holds every whole number up to 2^24. */
export const MAX_TOKENS = 2 ** 24;

/** 8 × Lo, the paper's largest target. */
export function paperTarget(_given: Extend, facts: ExtendFacts): number {
  return Math.min(8 * facts.nativeContext, MAX_TOKENS);
}
