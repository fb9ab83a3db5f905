/**
 * What a context-extension strategy is asked to do, what it needs to know of the model, and the plan it makes.
 * Words as in the paper (arXiv 2404.12096): Lo is the native context, Lt the target, s the scale factor ⌈Lt / Lo⌉,
 * n the tokens of a sequence (prompt and special tokens included), i the index of a token from 0.
 */

/**
 * How attention logits are scaled once a sequence is longer than the native context.
 * - `length`: every logit × max(1, ln n / ln Lo)
 * - `position`: the logits of the query at index i × max(1, ln(i + 1) / ln Lo)
 * - `off`: not at all
 */
export type AttentionScale = 'length' | 'position' | 'off';

/** The keys that every strategy takes. */
export interface CommonKeys {
  /** Lt, the longest sequence in tokens: a whole number, at least Lo. Left out: 8 × Lo; for `none`: Lo. */
  target?: number | undefined;
  /** Left out: `length`; for self-extend on a causal model: `position`. */
  attentionScale?: AttentionScale | undefined;
}

/** No extension. With a target, a model without a position matrix simply runs past its native context. */
export interface NoneExtend extends CommonKeys {
  method: 'none';
}

/** Parallel context windows: windows of Lo tokens, their pooled vectors averaged. */
export interface PcwExtend extends CommonKeys {
  method: 'pcw';
}

/** Grouped positions: ⌊i / s⌋. */
export interface GpExtend extends CommonKeys {
  method: 'gp';
  /** A whole number from 1. Left out: ⌈n / Lo⌉ of each sequence. */
  s?: number | undefined;
}

/** Recurrent positions: i mod Lo. */
export interface RpExtend extends CommonKeys {
  method: 'rp';
}

/** Position interpolation: i / s. */
export interface PiExtend extends CommonKeys {
  method: 'pi';
  /** A number from 1, fractions allowed. Left out: Lt / Lo. */
  s?: number | undefined;
}

/** NTK-aware RoPE: the base × λ, for every input however short. */
export interface NtkExtend extends CommonKeys {
  method: 'ntk';
  /** A number from 1. Left out: s + max(1, s / 4). */
  lambda?: number | undefined;
}

/** Self-extend: exact relative positions within a window, grouped ones beyond it. */
export interface SeExtend extends CommonKeys {
  method: 'se';
  /** Tokens of a group: a whole number from 1. Left out: s + 1. */
  g?: number | undefined;
  /** Width of the near window in tokens: a whole number from 1. Left out: ⌊Lo / s⌋, at least 1. */
  w?: number | undefined;
}

/** A strategy and its keys; the same as a spec string such as `se:4k,g=9,w=64`. */
export type Extend = NoneExtend | PcwExtend | GpExtend | RpExtend | PiExtend | NtkExtend | SeExtend;

export type Method = Extend['method'];

/** What strategies need to know of a model. */
export interface ExtendFacts {
  /** Lo in tokens: the caller's, else the preset's, else the file's. */
  nativeContext: number;
  positionEncoding: 'absolute' | 'rope' | 'alibi' | 'relative' | 'none';
  /** Rows of the position matrix; 0 when the model has none. */
  positionRows: number;
  /** Whether a token sees only those before it. */
  causal: boolean;
  /** The file's RoPE base; 0 when the model has no RoPE. */
  ropeBase: number;
  /** What runs the model: longembed's own graph, or llama.cpp's context, which can express less. */
  engine: 'graph' | 'llama_context';
}

/** The numbers of the strategies; null where the method has no such number. */
export interface Parameters {
  /** gp: tokens of a group, null for ⌈n / Lo⌉ of each sequence. pi: the divisor of positions. */
  readonly s: number | null;
  /** ntk: the factor on the RoPE base. */
  readonly lambda: number | null;
  /** se: tokens of a group. */
  readonly g: number | null;
  /** se: width of the near window in tokens. */
  readonly w: number | null;
}

/** A strategy for one model, every default filled in. */
export interface ResolvedExtend extends Parameters {
  readonly method: Method;
  /** The spec string in canonical form, the target written out: what result files are named after. */
  readonly spec: string;
  /** Lt in tokens. */
  readonly target: number;
  /** The largest n, tokens of a document with its prompt and special tokens. */
  readonly limit: number;
  /** The scale factor ⌈Lt / Lo⌉. */
  readonly scale: number;
  readonly attentionScale: AttentionScale;
  /** Sentences for the caller to show once: the values are allowed, but probably not what was meant. */
  readonly warnings: readonly string[];
}

/** Tokens around the content in each sequence: the prompt's and the special ones. */
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
  /** A position a token; fractional only for a position matrix. null: the index. */
  readonly positions: Float32Array | null;
  /** A factor on the attention logits of each query. null: 1. */
  readonly logitScale: Float32Array | null;
  /** null: ordinary attention. */
  readonly selfExtend: readonly [group: number, window: number] | null;
  /** 0: the file's. */
  readonly ropeBase: number;
  /** A factor on positions before rotation, on top of the file's own scaling. */
  readonly ropeScale: number;
}
