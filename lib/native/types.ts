/**
 * The shape of the C++ addon, as `native/addon` exports it. Nothing here is public; `addon.ts` is the one file that loads it.
 */

export type Backend = 'auto' | 'cpu' | 'cuda' | 'metal' | 'vulkan';
export type Precision = 'full' | 'bf16';
export type Pooling = 'mean' | 'cls' | 'last';
export type PositionEncoding = 'absolute' | 'rope' | 'alibi' | 'relative' | 'none';

/** Work off the main thread. */
export interface NativeJob<T> {
  readonly promise: Promise<T>;
  /** Rejects the promise with ERR_ABORTED: at once while queued, at the next step while running. Does nothing once it has settled. */
  cancel(): void;
}

/** A device that models can run on. */
export interface Device {
  name: string;
  description: string;
  /** "CPU", "CUDA", "Metal", "Vulkan", … */
  backend: string;
  kind: 'cpu' | 'gpu' | 'igpu' | 'accel';
  /** Bytes. */
  memoryTotal: number;
  memoryFree: number;
}

export interface NativeLoadOptions {
  /** 0: as many as there are physical cores. */
  threads: number;
  backend: Backend;
  /** -1: as many as fit. Ignored on the CPU. */
  gpuLayers: number;
  /** Whether what GPUs compute is compared with the CPU. */
  checkDevice: boolean;
  mmap: boolean;
  /** null: where memory allows. */
  repack: boolean | null;
  precision: Precision;
}

/** Properties from the model file and the backend, which `ModelInfo` passes on. Lengths are in tokens. */
export interface ModelFacts {
  /** llama.cpp's name of the architecture: "bert", "nomic-bert", "llama", … */
  architecture: string;
  /** `general.name` of the file. */
  name: string | null;
  /** The engine: longembed's own graph, or llama.cpp's context, which can express less. */
  engine: 'graph' | 'llama_context';
  /** Why longembed's own graph does not run it; null when it does. */
  engineReason: string | null;
  layers: number;
  /** Of them, those that attend through a sliding window, which context extension leaves as they are. */
  slidingLayers: number;
  /** Tokens that these see on either side of each; 0 when there are none. */
  reach: number;
  /** Of a vector. */
  dimensions: number;
  heads: number;
  headsKv: number;
  feedForward: number;
  parameters: number;
  /** Size of the weights in bytes. */
  sizeBytes: number;
  /** "F32", "Q8_0", "Q4_K - Medium", … */
  quantization: string;
  vocabularySize: number;
  positionEncoding: PositionEncoding;
  /** Rows of the position matrix; 0 when there is none. */
  positionRows: number;
  /** 0 when there is no RoPE. */
  ropeBase: number;
  ropeScale: number;
  /** Rotated numbers of a head; 0 when there is no RoPE. */
  ropeDimensions: number;
  /** Whether a token attends only to itself and earlier tokens. */
  causal: boolean;
  /** Layers on GPUs: the last ones. */
  gpuLayers: number;
  /** Number of layers on each device, in the layers' order. */
  placement: { device: string; layers: number }[];
  /** Where it runs. */
  device: string;
  threads: number;
}

/** All properties that the addon reports about a loaded model. */
export interface NativeFacts extends ModelFacts {
  /** Every scalar key of the file as text. */
  metadata: Record<string, string>;
  contextLength: number;
  pooling: Pooling | 'rank' | 'none' | null;
  tokenizer: string;
  normalizer: Normalizer;
  prefixTokens: number[];
  suffixTokens: number[];
  /** -1: the vocabulary has none. */
  bosToken: number;
  eosToken: number;
  /** Whether short batches can be computed beside others. Not on GPUs, where two would get in each other's way. */
  expressLane: boolean;
}

/**
 * Sequences for one forward pass, one after the other, special tokens included. None of the arrays may change until the
 * job settles.
 */
export interface NativeBatch {
  tokens: Int32Array;
  /** Tokens of each sequence, each at least 1. */
  lengths: Int32Array;
  /** One position per token; null: its index in its sequence. */
  positions: Float32Array | null;
  /** One factor per token on the attention logits of that query; null: 1. */
  logitScale: Float32Array | null;
  /** Self-extend for all of the sequences; null: ordinary attention. */
  selfExtend: readonly [group: number, window: number] | null;
  /** 0: the file's. */
  ropeBase: number;
  ropeScale: number;
  /** A divisor per rotary frequency (half of `ropeDimensions`), on top of the file's own; null: 1. */
  ropeFactors: Float64Array | null;
  pooling: Pooling;
  /**
   * Instead of one vector per sequence: the mean of each range of tokens, as pairs [from, to) counted from the first token of
   * the batch, each within a sequence. Null: none.
   */
  ranges: Int32Array | null;
}

/** The memory of a batch on one device, in bytes. */
export interface NativeDeviceMemory {
  name: string;
  /** The process's own memory. */
  host: boolean;
  /** Of the model; loaded already. */
  weights: number;
  /** Kept for every token of the batch. */
  activations: number;
  /** Additional buffers of the blocks that are computed in parallel. */
  graphs: number;
  /** The part of activations and graphs that is not allocated yet. */
  missing: number;
  /** Memory that can be allocated now. */
  available: number;
}

export interface NativeMemory {
  /** Bytes of memory that the process which computes has now. */
  resident: number;
  devices: NativeDeviceMemory[];
  /** Bytes that the express lane's largest batch needs beyond what is allocated; 0 where that is not known or there is no such lane. */
  express: number;
}

export interface NativeModel {
  readonly facts: NativeFacts;
  /** Content tokens: no special tokens are added, and text that reads like one is plain text. */
  tokenize(text: string): NativeJob<Int32Array>;
  /**
   * One row of `dimensions` numbers per sequence, or per range: pooled, not normalised. Batches are computed one after the other, in
   * the order of the calls; those in the express lane likewise, beside the others.
   * @param express whether it goes into the express lane: at most 512 tokens, and only where `facts.expressLane`
   */
  embed(
    batch: NativeBatch,
    onProgress: ((fraction: number) => void) | null,
    express?: boolean,
  ): NativeJob<Float32Array>;
  /** The memory that `embed` would need for the batch. Computes nothing, but waits for its turn. */
  memory(batch: NativeBatch): NativeJob<NativeMemory>;
  /** Stops running work with ERR_DISPOSED and frees the memory. A second call returns the same promise. */
  dispose(): Promise<void>;
}

/** Texts at positions of their own, and which are alike; special tokens included. The job copies the arrays. */
export interface NativeTuneBatch {
  /** Of all texts, one after the other: queries, then a positive for each in order, then negatives of any of them. */
  tokens: Int32Array;
  /** Tokens of each text, each at least 1. */
  lengths: Int32Array;
  /** Of each text: the row of the position matrix of its first token; the others follow. */
  firstPositions: Int32Array;
  /** Of each text: a number that equal texts share. */
  ids: Int32Array;
  /** How many of the texts are queries. */
  queries: number;
}

/** AdamW's numbers in one step. */
export interface NativeOptimizer {
  /** The learning rate. */
  rate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** How well queries find their positives among all positives and negatives of a batch. */
export interface ContrastFigures {
  /** InfoNCE, the mean over queries. */
  loss: number;
  /** The share of queries whose positive comes first, 0 to 1. */
  accuracy: number;
  /** The mean of 1 / rank of the positive, 0 to 1. */
  reciprocalRank: number;
}

export interface TuneFigures extends ContrastFigures {
  /** Of the loss by all rows that are not frozen. */
  gradientNorm: number;
}

/** What steps change. The matrices are of the same shape. */
export interface NativeTunerState {
  rows: Float32Array;
  /** AdamW's moments: of the gradient, and of its square. */
  first: Float32Array;
  second: Float32Array;
  /** Steps done. */
  steps: number;
}

export interface NativeTunerOptions {
  pooling: Pooling;
  /** The position matrix to begin with, row by row. */
  rows: Float32Array;
  /** Of each row: whether it stays as it is (1) or learns (0). */
  frozen: Uint8Array;
  /** 0: the model's. */
  threads: number;
}

/** Learns rows of a position matrix. Jobs run one after the other; no result depends on the number of threads. */
export interface NativeTuner {
  /** Of the job in progress, 0 to 1. */
  readonly progress: number;
  /** Memory beside the loaded model: transposed weights, and the rows with their moments and gradients. */
  readonly bytes: number;
  /** Pooled vectors, one per text, not normalised. */
  embed(batch: NativeTuneBatch): NativeJob<Float64Array>;
  evaluate(batch: NativeTuneBatch, temperature: number): NativeJob<ContrastFigures>;
  /** The gradient of the loss by the rows; zeros for frozen ones. */
  gradient(batch: NativeTuneBatch, temperature: number): NativeJob<TuneFigures & { gradient: Float64Array }>;
  /** Learns from a batch. Where the loss or a gradient is not finite nothing changes, and the figures show it. */
  step(batch: NativeTuneBatch, temperature: number, optimizer: NativeOptimizer): NativeJob<TuneFigures>;
  state(): NativeJob<NativeTunerState>;
  restore(state: NativeTunerState): NativeJob<void>;
  /** Frees the memory once no job runs. */
  dispose(): void;
}

/** What `tokenize` expects to have been done to a text: composed characters (NFC), or nothing. */
export type Normalizer = 'nfc' | null;

export interface NativeVocabularyFacts {
  tokenizer: string;
  normalizer: Normalizer;
  prefixTokens: number[];
  suffixTokens: number[];
  vocabularySize: number;
}

/** A model file's vocabulary without its weights. */
export interface NativeVocabulary {
  readonly facts: NativeVocabularyFacts;
  tokenize(text: string): NativeJob<Int32Array>;
}

export interface NativeAddon {
  /**
   * The release and commit of llama.cpp, and the CPU kernels in use: the best variant that this processor can run ("amx", "avx512",
   * "avx2", "portable"), "ggml" where there are none, or what LONGEMBED_KERNELS chooses.
   */
  buildInfo(): { llama: string; commit: string; kernels: string };
  devices(): Device[];
  /**
   * The dot product of every left row with every right row: one row of results per left row. A result is off by about 1e-6 of
   * the sum of its products' magnitudes at most, and depends on the two rows only. Neither array may change until the job settles.
   * @param dimensions numbers of a row
   * @param threads 0: as many as there are physical cores
   */
  dotProducts(
    left: Float32Array,
    right: Float32Array,
    dimensions: number,
    threads: number,
  ): NativeJob<Float32Array>;
  /**
   * Rounds rows to codes of 8 bits, at once.
   * @param codes receives a code for each number
   * @param facts receives three numbers for each row: the codes' scale, a bound of the length of what rounding left out, and one
   *   of the length of the rounded row
   */
  quantizeRows(rows: Float32Array, dimensions: number, codes: Int8Array, facts: Float32Array): void;
  /**
   * Bounds of what `rowProducts` gives for each row, from its codes: first a lower bound of each, then an upper bound of each.
   * @param codes blocks of the same number of rows, as `quantizeRows` fills them; likewise `facts`
   * @param rows the first ones of all blocks, which count
   */
  boundProducts(
    query: Float32Array,
    codes: readonly Int8Array[],
    facts: readonly Float32Array[],
    rows: number,
    threads: number,
  ): NativeJob<Float32Array>;
  /**
   * The dot product of a query with rows, with the bits that `dotProducts` gives.
   * @param blocks of the same number of rows
   * @param ranges pairs of a row and the one after the last, counted over all blocks
   */
  rowProducts(
    query: Float32Array,
    blocks: readonly Float32Array[],
    ranges: Uint32Array,
    threads: number,
  ): NativeJob<Float32Array>;
  /** Whether models of the architecture that GGUF calls by this name have rotary positions. */
  isRotary(architecture: string): boolean;
  loadModel(
    path: string,
    options: NativeLoadOptions,
    onProgress: ((fraction: number) => void) | null,
  ): NativeJob<NativeModel>;
  loadVocabulary(path: string): NativeJob<NativeVocabulary>;
  /**
   * Prepares the learning of position rows. The model must be a `bert` on the CPU, loaded in this process; the tuner keeps its
   * weights.
   */
  startTuner(model: NativeModel, options: NativeTunerOptions): NativeJob<NativeTuner>;
}
