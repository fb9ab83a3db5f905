/** What a random model may be told, and what an architecture makes of it. */
import type { ModelPlan } from './gguf.js';
import type { TensorType } from './tensor-types.js';

/** GGUF's pooling names and numbers. */
export const POOLING_IDS = { none: 0, mean: 1, cls: 2, last: 3 } as const;

/** GGUF's pooling names. */
export type SpecPooling = keyof typeof POOLING_IDS;

export interface SpecOptions {
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
  /** Tokens of a sliding window, half of them on either side (modern-bert, gemma-embedding). */
  window?: number;
  /** Numbers of the vectors that dense layers give after pooling; 0: there are none (gemma-embedding). */
  head?: number;
  /** jina-bert-v2: `separate` gate and up, `gate-first` in one matrix, or `up-first` in one, as the code models' class has it, with its further norms. */
  gate?: 'separate' | 'gate-first' | 'up-first';
  /** Whether the feed-forward part has a gate (t5encoder). */
  gated?: boolean;
  /** Whether every layer has biases by distance of its own (t5encoder); llama.cpp's context runs such a model. */
  biasByLayer?: boolean;
  /** Experts of the layers that are mixtures, layers 1, 3, 5 …; 0: none is (nomic-bert-moe). */
  experts?: number;
  /** Experts that each token goes to. */
  expertsUsed?: number;
  /** Flags of a decoder's vocabulary: a token before the text (SentencePiece's <s>), one after it. */
  addBos?: boolean;
  addEos?: boolean;
}

/** Options with every default filled in. */
export type ResolvedOptions = { [Key in keyof SpecOptions]-?: Exclude<SpecOptions[Key], undefined> };

/** The same, of an architecture by GGUF's name. */
export type ResolvedSpec = ResolvedOptions & { arch: string };

/** An architecture: its defaults, the contents of its files, and its models that tests call by name. */
export interface ArchitectureEntry {
  readonly defaults: Partial<ResolvedOptions>;
  /** Specs by name: the architecture's own, for its defaults, or that with a suffix ("bert-rows"). */
  readonly models: Readonly<Record<string, SpecOptions>>;
  /** Whether it may be causal and group its keys and values. */
  readonly isDecoder?: true;
  /** Whether heads may be of a size of their own, though it is no decoder. */
  readonly hasHeadSize?: true;
  /** Whether it has no positions but a bias by distance, so that no strategy but pcw changes anything. */
  readonly byDistance?: true;
  readonly plan: (spec: ResolvedSpec) => ModelPlan;
}
