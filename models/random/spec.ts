/** A random model's spec: sizes, options and a seed. Whatever is left out takes the architecture's default. */
import { DECODERS } from './decoders.js';
import { ENCODERS } from './encoders.js';
import type { ModelPlan } from './gguf.js';
import type { POOLING_IDS } from './parts.js';
import type { TensorType } from './tensor-types.js';

/** An architecture: its defaults, the contents of its files, and its models that tests call by name. */
export interface ArchitectureEntry {
  readonly defaults: Partial<Omit<ResolvedSpec, 'arch'>>;
  /** Specs by name: the architecture's own, for its defaults, or that with a suffix ("bert-rows"). */
  readonly models: Readonly<Record<string, Omit<ModelSpec, 'arch'>>>;
  /** Whether it may be causal and group its keys and values. */
  readonly isDecoder?: true;
  /** Whether llama.cpp's context runs it, for want of a graph of ours. */
  readonly runsInLlamaContext?: true;
  readonly plan: (spec: ResolvedSpec) => ModelPlan;
}

/** By GGUF's names. */
export const ARCHITECTURES = { ...ENCODERS, ...DECODERS };
export type Architecture = keyof typeof ARCHITECTURES;
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as Architecture[];
/** Those with a graph of our own, in which every strategy can run. */
export const OWN_GRAPH_ARCHITECTURES = ARCHITECTURE_NAMES.filter((arch) => !entryOf(arch).runsInLlamaContext);

/** GGUF's pooling names. */
export type SpecPooling = keyof typeof POOLING_IDS;

export interface ModelSpec {
  arch: Architecture;
  /** 0 … 2³² − 1; default 1. Another seed is another model of the same shape. */
  seed?: number;
  layers?: number;
  /** Width of a token's vector (and of the embedding); a multiple of 2 × heads where headSize is left out. */
  dimensions?: number;
  heads?: number;
  /** Heads of keys and values; only decoders may have fewer than `heads`. */
  headsKv?: number;
  /** Numbers of one head's query, key and value, an even number; default dimensions / heads, which only decoders may change. */
  headSize?: number;
  feedForward?: number;
  /** Native context in tokens; for `bert` also the rows of the position matrix. */
  context?: number;
  /** Base of the rotation; ignored without RoPE. */
  ropeBase?: number;
  /** Number of tokens in the vocabulary. */
  vocabulary?: number;
  /** The file's pooling; null: the file does not say. */
  pooling?: SpecPooling | null;
  /**
   * Type of the matrices; norms, biases, position and token-type rows are always F32. Q4_K_M is a mix, as llama-quantize
   * writes it: Q6_K for the token, value and feed-forward output matrices, Q4_K for the others.
   */
  type?: TensorType | 'Q4_K_M';
  /** Whether the tensors that may have biases have them. */
  biases?: boolean;
  /** Whether a token sees only those before it; the default of its architecture, which only decoders may change. */
  causal?: boolean;
  /** One `attn_qkv` in place of three tensors. */
  fusedQkv?: boolean;
  /** Whether there is a token-type matrix (encoders only). */
  tokenTypes?: boolean;
  /** Flags of a decoder's vocabulary: a token before the text (SentencePiece's <s>), one after it. */
  addBos?: boolean;
  addEos?: boolean;
}

export type ResolvedSpec = { [Key in keyof ModelSpec]-?: Exclude<ModelSpec[Key], undefined> };

const COMMON: Omit<ResolvedSpec, 'arch' | 'headSize'> = {
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

/**
 * The spec with every default filled in.
 *
 * @throws RangeError where a size is impossible
 */
export function resolveSpec(spec: ModelSpec): ResolvedSpec {
  const defaults = { ...COMMON, ...entryOf(spec.arch).defaults };
  const headsKv = spec.headsKv ?? (entryOf(spec.arch).isDecoder ? undefined : spec.heads);
  const given = Object.fromEntries(
    Object.entries({ ...spec, headsKv }).filter(([, value]) => value !== undefined),
  ) as Partial<ResolvedSpec>;
  const { dimensions, heads } = { ...defaults, ...given };
  const resolved: ResolvedSpec = { headSize: dimensions / heads, ...defaults, ...given, arch: spec.arch };
  check(resolved);
  return resolved;
}

function check(spec: ResolvedSpec): void {
  const sizes = [
    'layers',
    'dimensions',
    'heads',
    'headsKv',
    'headSize',
    'feedForward',
    'context',
    'vocabulary',
  ] as const;
  for (const key of sizes) {
    if (!Number.isInteger(spec[key]) || spec[key] < 1) {
      throw new RangeError(`${key} must be a whole number of at least 1, not ${String(spec[key])}`);
    }
  }
  if (spec.headSize % 2 !== 0) throw new RangeError(`headSize (${spec.headSize}) must be even`);
  if (!entryOf(spec.arch).isDecoder && spec.headSize * spec.heads !== spec.dimensions) {
    throw new RangeError(`headSize (${spec.headSize}) of ${spec.arch} must be dimensions / heads`);
  }
  if (spec.heads % spec.headsKv !== 0 || (!entryOf(spec.arch).isDecoder && spec.heads !== spec.headsKv)) {
    throw new RangeError(`headsKv (${spec.headsKv}) does not fit heads (${spec.heads}) of ${spec.arch}`);
  }
  if (spec.causal && !entryOf(spec.arch).isDecoder) throw new RangeError(`${spec.arch} cannot be causal`);
}

function entryOf(arch: Architecture): ArchitectureEntry {
  return ARCHITECTURES[arch];
}
