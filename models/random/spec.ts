/** What a random model is made from: a few sizes, options and a seed. Everything left out takes its architecture's default. */

import type { TensorType } from './tensor-types.js';

/** The architectures that can be made, by GGUF's names. */
export const ARCHITECTURES = [
  'bert',
  'jina-bert-v3',
  'nomic-bert',
  'jina-bert-v2',
  'llama',
  'qwen2',
] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** GGUF's pooling names and numbers. */
export const POOLING_IDS = { none: 0, mean: 1, cls: 2, last: 3 } as const;
export type SpecPooling = keyof typeof POOLING_IDS;

export interface ModelSpec {
  arch: Architecture;
  /** 0 … 2³² − 1; default 1. Another seed is another model of the same shape. */
  seed?: number;
  layers?: number;
  /** Width of a token's vector (and of the embedding); a multiple of 2 × heads. */
  dimensions?: number;
  heads?: number;
  /** Heads of keys and values; only decoders may have fewer than `heads`. */
  headsKv?: number;
  feedForward?: number;
  /** Native context in tokens; for `bert` also the rows of the position matrix. */
  context?: number;
  /** Base of the rotation; ignored without RoPE. */
  ropeBase?: number;
  /** Number of tokens in the vocabulary. */
  vocabulary?: number;
  /** What the file says about pooling; null: it says nothing. */
  pooling?: SpecPooling | null;
  /**
   * Type of the matrices; norms, biases, position and token-type rows are always F32. Q4_K_M is a mix, as llama-quantize
   * writes it: Q6_K for the token matrix and what makes values and leaves the feed-forward, Q4_K for the others.
   */
  type?: TensorType | 'Q4_K_M';
  /** Whether the tensors that may have biases have them. */
  biases?: boolean;
  /** Whether a token sees only those before it; the default of its architecture, which only decoders may change. */
  causal?: boolean;
  /** One `attn_qkv` in place of three tensors. */
  fusedQkv?: boolean;
  /** Whether there is a token-type matrix (BERT's kin). */
  tokenTypes?: boolean;
  /** Flags of a decoder's vocabulary: a token before the text (SentencePiece's <s>), one after it. */
  addBos?: boolean;
  addEos?: boolean;
}

export type ResolvedSpec = { [Key in keyof ModelSpec]-?: Exclude<ModelSpec[Key], undefined> };

const COMMON: Omit<ResolvedSpec, 'arch'> = {
  seed: 1,
  layers: 4,
  dimensions: 64,
  heads: 4,
  headsKv: 4,
  feedForward: 128,
  context: 64,
  ropeBase: 10000,
  vocabulary: 1024,
  pooling: 'mean',
  type: 'F32',
  biases: true,
  causal: false,
  fusedQkv: false,
  tokenTypes: true,
  addBos: true,
  addEos: true,
};

const DEFAULTS: Record<Architecture, Partial<ResolvedSpec>> = {
  bert: {},
  'jina-bert-v3': { heads: 2, headsKv: 2 },
  'nomic-bert': { feedForward: 96, ropeBase: 1000, biases: false, fusedQkv: true },
  'jina-bert-v2': { feedForward: 96 },
  llama: { headsKv: 2, feedForward: 160, pooling: 'last', biases: false, causal: true },
  qwen2: { headsKv: 2, feedForward: 160, pooling: 'last', ropeBase: 1_000_000, causal: true },
};

/**
 * The spec with every default filled in.
 *
 * @throws RangeError where a size is impossible
 */
export function resolveSpec(spec: ModelSpec): ResolvedSpec {
  const defaults = { ...COMMON, ...DEFAULTS[spec.arch] };
  const headsKv = spec.headsKv ?? (isDecoder(spec.arch) ? undefined : spec.heads);
  const given = Object.fromEntries(
    Object.entries({ ...spec, headsKv }).filter(([, value]) => value !== undefined),
  ) as Partial<ResolvedSpec>;
  const resolved: ResolvedSpec = { ...defaults, ...given, arch: spec.arch };
  check(resolved);
  return resolved;
}

function check(spec: ResolvedSpec): void {
  const sizes = ['layers', 'dimensions', 'heads', 'headsKv', 'feedForward', 'context', 'vocabulary'] as const;
  for (const key of sizes) {
    if (!Number.isInteger(spec[key]) || spec[key] < 1) {
      throw new RangeError(`${key} must be a whole number of at least 1, not ${String(spec[key])}`);
    }
  }
  if (spec.dimensions % (2 * spec.heads) !== 0) {
    throw new RangeError(`dimensions (${spec.dimensions}) must be a multiple of 2 × heads (${spec.heads})`);
  }
  if (spec.heads % spec.headsKv !== 0 || (!isDecoder(spec.arch) && spec.heads !== spec.headsKv)) {
    throw new RangeError(`headsKv (${spec.headsKv}) does not fit heads (${spec.heads}) of ${spec.arch}`);
  }
  if (spec.causal && !isDecoder(spec.arch)) throw new RangeError(`${spec.arch} cannot be causal`);
}

function isDecoder(arch: Architecture): boolean {
  return arch === 'llama' || arch === 'qwen2';
}

/** The specs that tests, fixtures and scripts call by name. */
export const NAMED_SPECS = {
  bert: { arch: 'bert' },
  'bert-rows': { arch: 'bert', context: 2048, seed: 2 },
  'bert-bare': { arch: 'bert', biases: false, tokenTypes: false, fusedQkv: true, pooling: 'cls', seed: 3 },
  'jina-bert-v3': { arch: 'jina-bert-v3' },
  'jina-bert-v3-bare': {
    arch: 'jina-bert-v3',
    biases: false,
    tokenTypes: false,
    heads: 4,
    fusedQkv: true,
    seed: 3,
  },
  'jina-bert-v3-32k': { arch: 'jina-bert-v3', layers: 2, context: 4096, seed: 4 },
  'nomic-bert': { arch: 'nomic-bert' },
  'jina-bert-v2': { arch: 'jina-bert-v2' },
  llama: { arch: 'llama' },
  'llama-biases': { arch: 'llama', biases: true, headsKv: 4, pooling: 'mean', addEos: false, seed: 3 },
  'llama-32k': { arch: 'llama', layers: 2, heads: 2, headsKv: 1, context: 4096, seed: 4 },
  'llama-text': { arch: 'llama', pooling: null, addEos: false, seed: 5 },
  qwen2: { arch: 'qwen2' },
  'qwen2-bidirectional': { arch: 'qwen2', causal: false, pooling: 'mean', seed: 3 },
  /** What `npm start` runs until trained models ship. */
  start: {
    arch: 'jina-bert-v3',
    layers: 6,
    dimensions: 256,
    heads: 8,
    feedForward: 1024,
    context: 512,
    type: 'F16',
  },
  /** Rows of 256 numbers, so that llama-quantize can use every type in them. */
  'quantize-bert': { arch: 'bert', layers: 3, dimensions: 256, heads: 8, feedForward: 512, seed: 6 },
  'quantize-jina-bert-v3': {
    arch: 'jina-bert-v3',
    layers: 3,
    dimensions: 256,
    heads: 8,
    feedForward: 512,
    seed: 6,
  },
  'quantize-nomic-bert': {
    arch: 'nomic-bert',
    layers: 3,
    dimensions: 256,
    heads: 8,
    feedForward: 512,
    seed: 6,
  },
  'quantize-llama': {
    arch: 'llama',
    layers: 3,
    dimensions: 256,
    heads: 8,
    headsKv: 4,
    feedForward: 512,
    seed: 6,
  },
  'quantize-qwen2': {
    arch: 'qwen2',
    layers: 3,
    dimensions: 256,
    heads: 8,
    headsKv: 4,
    feedForward: 512,
    seed: 6,
  },
  /** Shapes of BERT-Base, for measuring speed. */
  'bert-base': {
    arch: 'bert',
    layers: 12,
    dimensions: 768,
    heads: 12,
    feedForward: 3072,
    context: 512,
    vocabulary: 30522,
  },
  'jina-bert-v3-base': {
    arch: 'jina-bert-v3',
    layers: 12,
    dimensions: 768,
    heads: 12,
    feedForward: 3072,
    context: 512,
    vocabulary: 30522,
  },
  /** The shape of a llama of a billion parameters, likewise. */
  'llama-1b': {
    arch: 'llama',
    layers: 16,
    dimensions: 2048,
    heads: 32,
    headsKv: 8,
    feedForward: 8192,
    context: 4096,
    ropeBase: 500000,
    vocabulary: 32000,
  },
} as const satisfies Record<string, ModelSpec>;

export type SpecName = keyof typeof NAMED_SPECS;
