/**
 * The definition of a context-extension strategy: its keys, its requirements on a model, and the plan it makes. Each
 * strategy has a file beside this one; strategies.ts lists them.
 * Words as in the paper (arXiv 2404.12096): Lo is the native context, Lt the target, s the scale factor ⌈Lt / Lo⌉,
 * n the tokens of a sequence (prompt and special tokens included), i the index of a token from 0.
 */

/**
 * How attention logits are scaled once a sequence is longer than the native context.
 * - `length`: every logit × max(1, ln n / ln Lo)
 * - `position`: the logits of the query at index i × max(1, ln(i + 1) / ln Lo)
 * - `off`: not at all
 * - `yarn`: every logit × (0.1 · ln(Lt / Lo) + 1)², for yarn only
 */
export type AttentionScale = 'length' | 'position' | 'off' | 'yarn';

/** The values of `attention-scale` that a strategy takes. */
export function attentionScalesOf(method: string): readonly AttentionScale[] {
  return method === 'yarn' ? ['yarn', 'length', 'position', 'off'] : ['length', 'position', 'off'];
}

/** The keys that every strategy takes. */
export interface CommonKeys {
  /** Lt, the longest sequence in tokens: a whole number, at least Lo. Default: 8 × Lo; for `none`: Lo. */
  target?: number | undefined;
  /** Default: `length`; for self-extend on a causal model: `position`; for yarn: `yarn`. */
  attentionScale?: AttentionScale | undefined;
}

/** The properties of a model that strategies depend on. */
export interface StrategyContext {
  /** Lo in tokens: the caller's, else the preset's, else the file's. */
  nativeContext: number;
  positionEncoding: 'absolute' | 'rope' | 'alibi' | 'relative' | 'none';
  /** Rows of the position matrix; 0 when the model has none. */
  positionRows: number;
  /** Whether a token attends only to itself and earlier tokens. */
  causal: boolean;
  /** The file's RoPE base; 0 when the model has no RoPE. */
  ropeBase: number;
  /** Rotated numbers of a head; 0 when the model has no RoPE. */
  ropeDimensions: number;
  /** The engine that runs the model: longembed's own graph, or llama.cpp's context, which can express less. */
  engine: 'graph' | 'llama_context';
}

/** Tokens around the content in each sequence: those of the prompt and the special tokens. */
export interface Overhead {
  before: number;
  after: number;
}

/**
 * One sequence to run. Arrays cover the whole sequence, prompt and special tokens included; null means the default.
 * A document's vector is the mean of its windows' pooled vectors.
 */
export interface WindowPlan {
  /** The content tokens of this window: [from, to). */
  readonly from: number;
  readonly to: number;
  /** One position per token; fractional only for a position matrix. null: the index. */
  readonly positions: Float32Array | null;
  /** A factor on the attention logits of each query. null: 1. */
  readonly logitScale: Float32Array | null;
  /** null: ordinary attention. */
  readonly selfExtend: readonly [group: number, window: number] | null;
  /** 0: the file's. */
  readonly ropeBase: number;
  /** A factor on positions before rotation, on top of the file's own scaling. */
  readonly ropeScale: number;
  /** A divisor per rotary frequency, on top of the file's own. null: 1. */
  readonly ropeFactors: Float64Array | null;
}

/** How windows are put together into a document's vector. */
export interface WindowPooling {
  /** How windows count in the mean: alike, or by their content tokens. */
  readonly weights: 'windows' | 'tokens';
  /** The mean of their pooled vectors, or the largest value in each dimension. */
  readonly pool: 'mean' | 'max';
}

/** Where a window's content lies: [from, to). */
export type Span = Pick<WindowPlan, 'from' | 'to'>;

/** How one sequence's positions and attention differ from the default. */
export type Layout = Partial<
  Pick<WindowPlan, 'positions' | 'selfExtend' | 'ropeBase' | 'ropeScale' | 'ropeFactors'>
>;

/** The words that a key takes. */
export interface Words {
  readonly words: readonly string[];
}

/** The numbers that a key takes; a whole number may be written as a size (4k). */
export interface Range {
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
}

/** The numbers that a strategy's default parameters follow from, in tokens. */
export interface Sizes {
  readonly nativeContext: number;
  readonly target: number;
  /** s, the scale factor ⌈Lt / Lo⌉. */
  readonly scale: number;
}

/** The strategy's own numbers and words by key. A number that depends on each sequence's length is missing. */
export type Parameters = Readonly<Record<string, number | string>>;

/** How a GGUF file can hold a strategy. */
export interface FileSupport<P = Parameters> {
  /** Position encodings of the models whose files can hold it. */
  readonly encodings: readonly StrategyContext['positionEncoding'][];
  /** Whether sequences within the native context, which longembed leaves unchanged, change in the file. */
  readonly changesShortInputs: boolean;
  /** The parameters in the file, where a number depends on each sequence's length: those of the longest. */
  inFile?(parameters: P, sizes: Sizes): Parameters;
  /** A sentence for the user on how the file's strategy differs; null when it does not. */
  note?(parameters: P, sizes: Sizes): string | null;
}

interface AnyExtend extends CommonKeys {
  method: string;
}

/** The keys that are a strategy's own. */
export type OwnKeys<E> = Exclude<keyof E, keyof AnyExtend> & string;

/** A strategy as its file defines it: `E` is the object that asks for it, `P` its numbers with the defaults filled in. All functions are pure. */
interface Definition<E extends AnyExtend, P> {
  readonly method: E['method'];
  /** Its name, for messages and reports. */
  readonly title: string;
  /** One line that helps to choose a strategy: the command line's help. */
  readonly help: string;
  /** Its own keys; every strategy takes `target` and `attention-scale` as well. */
  readonly keys: Readonly<Record<OwnKeys<E>, Range | Words>>;
  /** How a GGUF file can hold it; a string: why none can, a clause without a full stop. */
  readonly file: FileSupport<P> | string;
  /** Why a model does not support it, a clause without a full stop; null when it does. Default: every model does. */
  refuses?(context: StrategyContext): string | null;
  /** A remark about it on a model that supports it, a clause; null or left out: none. */
  notes?(context: StrategyContext): string | null;
  /** The target when none was given, in tokens. Default: 8 × Lo. */
  defaultTarget?(given: E, context: StrategyContext): number;
  /** Default: `length`. */
  defaultAttentionScale?(context: Pick<StrategyContext, 'causal'>): AttentionScale;
  /** The numbers that were not given. */
  defaults(sizes: Sizes): P;
  /** @throws LongEmbedError ERR_INVALID_OPTION when a number does not fit the target or the model */
  check?(parameters: P, context: StrategyContext, target: number): void;
  /** Sentences about values that are allowed but probably not intended. @param limit the longest sequence, in tokens */
  warnings?(parameters: P, context: StrategyContext, limit: number): string[];
  /** Cuts content into windows. Default: one window of everything. */
  windows?(parameters: P, context: StrategyContext, contentTokens: number, overhead: Overhead): Span[];
  /** Default: the mean of all alike. */
  windowPooling?(parameters: P): Partial<WindowPooling>;
  /** Whether sequences within the native context change too. Default: false. */
  readonly changesShortInputs?: boolean;
  /** The layout of a sequence of n tokens. */
  layout(parameters: P, context: StrategyContext, n: number): Layout;
}

type WithDefaults = 'refuses' | 'defaultTarget' | 'defaultAttentionScale' | 'changesShortInputs';

/** A strategy with its types erased, as the rest of longembed uses it. */
export type Strategy<M extends string = string> = Omit<Definition<AnyExtend, Parameters>, 'method' | 'keys'> &
  Required<Pick<Definition<AnyExtend, Parameters>, WithDefaults>> & {
    readonly method: M;
    readonly keys: Readonly<Record<string, Range | Words>>;
  };

/**
 * Defines a strategy.
 * @example
 * interface NtkExtend extends CommonKeys { method: 'ntk'; lambda?: number | undefined }
 * const ntk = defineStrategy<NtkExtend>({ method: 'ntk', …, keys: { lambda: { whole: false, min: 1, max: 1e6 } } });
 */
export function defineStrategy<E extends AnyExtend, P = Record<OwnKeys<E>, number>>(
  definition: Definition<E, P>,
): Strategy<E['method']> {
  const defaults = {
    refuses: () => null,
    defaultTarget: paperTarget,
    defaultAttentionScale: () => 'length',
    changesShortInputs: false,
  } satisfies Pick<Strategy, WithDefaults>;
  // The given keys are checked against `keys` before they come here, so E and P hold.
  return { ...defaults, ...definition } as unknown as Strategy<E['method']>;
}

/** Positions are stored as float32, which holds every whole number up to 2^24. */
export const MAX_TOKENS = 2 ** 24;

/** A key that takes a whole number from 1. */
export const WHOLE: Range = { whole: true, min: 1, max: MAX_TOKENS };

/** 8 × Lo, the paper's largest target. */
export function paperTarget(
  _given: unknown,
  { nativeContext }: Pick<StrategyContext, 'nativeContext'>,
): number {
  return Math.min(8 * nativeContext, MAX_TOKENS);
}

const ENCODINGS: Record<StrategyContext['positionEncoding'], string> = {
  absolute: 'an absolute position matrix',
  rope: 'rotary positions (RoPE)',
  alibi: 'no positions but a bias by distance (ALiBi)',
  relative: 'relative position biases (T5)',
  none: 'no position encoding',
};

/** Why a model without rotary positions does not support a strategy; null when it has them. */
export function needsRope({ positionEncoding }: StrategyContext): string | null {
  if (positionEncoding === 'rope') return null;
  return `it needs rotary positions (RoPE), but this model has ${ENCODINGS[positionEncoding]}`;
}

/** Why a model without freely chosen token positions does not support a strategy; null when it has them. */
export function needsPositions({ positionEncoding }: StrategyContext): string | null {
  if (positionEncoding === 'rope' || positionEncoding === 'absolute') return null;
  return `it changes the positions of tokens, but this model has ${ENCODINGS[positionEncoding]}`;
}

/** Why an architecture that runs in llama.cpp's own context does not support a strategy; null on longembed's graph. */
export function needsGraph({ engine }: StrategyContext, what: string): string | null {
  if (engine === 'graph') return null;
  return `it needs ${what}, which llama.cpp's own context cannot do, and this architecture runs there`;
}

/** The limitation of an architecture that runs in llama.cpp's own context; null on longembed's graph. */
export function notScaled({ engine }: StrategyContext): string | null {
  return engine === 'graph' ? null : 'longer texts only with attention-scale=off';
}
