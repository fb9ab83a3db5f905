/** The public types of EmbeddingModel. */
import type { LongEmbedError } from '../error.js';
import type { Extend, StrategySupport } from '../extend/index.js';
import type { DownloadProgress } from '../hub/progress.js';
import type { TunedRecord } from './extended.js';
import type { Backend, Device, ModelFacts, Pooling, PositionEncoding, Precision } from '../native/types.js';

export type { Backend, Device, DownloadProgress, Pooling, PositionEncoding, Precision, TunedRecord };

/** Options of `EmbeddingModel.load`. Options given here take precedence over the preset, which takes precedence over the file. */
export interface LoadOptions {
  /**
   * Settings of a known model, by name ("e5-mistral"), for files that do not identify themselves; `false`: none.
   * Default: detected from the file's metadata.
   */
  preset?: string | false | undefined;
  /** Lo: the tokens the model was trained for, a whole number from 2; no more than the rows of a position matrix. */
  nativeContext?: number | undefined;
  /** How the tokens' vectors are pooled: `mean` of all, `cls` (the first), `last`. */
  pooling?: Pooling | undefined;
  /** Text put before queries and documents, such as "query: ". */
  prompts?: { query?: string | undefined; document?: string | undefined } | undefined;
  /** Whether a token opens every sequence ([CLS], BOS) and whether one closes it ([SEP], EOS). */
  specialTokens?: { bos?: boolean | undefined; eos?: boolean | undefined } | undefined;
  /** Path of a tokenizer.json to use instead of the vocabulary in the model's file. */
  tokenizer?: string | undefined;
  /** Where to run. Default `auto`: a GPU if one is found, else the CPU. */
  backend?: Backend | undefined;
  /**
   * Layers to put on GPUs, from 0; the last ones go there. -1 (default): as many as fit together with a text as long as the
   * file's context, the rest on the CPU; see `info.placement`.
   */
  gpuLayers?: number | undefined;
  /**
   * Compares what GPUs compute with the CPU when the model is first placed on them: a few short texts through a few layers, with
   * each kind of attention. Vectors that differ by more than rounding explains are ERR_BACKEND. Takes a fraction of the loading
   * time (docs/gpu.md). Default `true`; without effect on the CPU.
   */
  checkDevice?: boolean | undefined;
  /** CPU threads, from 1 to 1024; 0 (default): one per physical core that affinity and the container's CPU quota allow. */
  threads?: number | undefined;
  /**
   * Number format of matrix products and attention on a CPU: `full` float32 (default), whatever the file's weights are (with AMX
   * as sums of several BF16 products, within 1e-9 of cosine), or `bf16` with sums in float32, which takes about half the time and
   * changes a vector by up to 1e-4 of cosine (docs/performance.md). ERR_INVALID_OPTION where the CPU has no instructions for it or they are no faster than full
   * precision (measured in a few milliseconds; true of Intel's AVX512-BF16), on a GPU, and for architectures that run through
   * llama.cpp's own context.
   */
  precision?: Precision | undefined;
  /** Maps the file into memory instead of reading it. Default `true`; a file with an alignment below 32 bytes is read all the same. */
  mmap?: boolean | undefined;
  /**
   * Keeps the weights in the order in which the CPU's kernels read them, so that no call dequantizes or rearranges them: up to twice
   * as fast for texts of a few tokens (docs/performance.md), with the same vectors. F16, BF16 and F32 weights take no more memory, as the mapped
   * file's pages are given back, but processes that load the same file share nothing of it; quantized weights become float32.
   * Default: if at most 1/32 of the available memory is needed for what it adds, and 1/4 in all. Without effect on GPUs, with
   * AMX and `bf16`, and in llama.cpp's own context.
   */
  repack?: boolean | undefined;
  /**
   * Runs the model in a separate process, so that nothing it does can end this one: a crash in the native code or a driver,
   * or being killed for lack of memory. If that process dies, the call it was computing fails with ERR_BACKEND and the next
   * call restarts it, however often; only a process that repeatedly fails to start is given up. Costs a few tenths of a
   * millisecond per call. See docs/isolation.md. Default `false`.
   */
  isolate?: boolean | undefined;
  /** Stops loading and downloading: the promise rejects with ERR_ABORTED. What was downloaded is kept, and resumed next time. */
  signal?: AbortSignal | undefined;
  /** Called with the fraction of the file that is loaded, 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined;
  /** Called while a model named hf: is downloaded, with every piece that arrives. An error it throws ends the call. */
  onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /**
   * Called with a sentence about options that are allowed but probably not intended, once each: a self-extend whose
   * positions leave the native context (LONGEMBED_EXTEND); and about reasons to doubt the model's vectors, such as a missing
   * end token (LONGEMBED_MODEL); or that the hub cannot be reached and the model in the cache is used (LONGEMBED_HUB). Default: `process.emitWarning`, with these codes.
   */
  onWarning?: ((message: string) => void) | undefined;
}

/** Options of `EmbeddingModel.embed`. */
export interface EmbedOptions {
  /**
   * How to go past the native context: a spec string, `method[:target][,key=value]…`, or the same as an object.
   * Default `none`. `model.info.strategies` lists what the model supports.
   * @example 'pcw:4k', 'ntk:32k', { method: 'se', target: 4096, g: 9, w: 64 }
   */
  extend?: string | Extend | undefined;
  /** Which of the model's prompts goes before the text: `document` (default), `query`, or `raw` for none. */
  as?: 'query' | 'document' | 'raw' | undefined;
  /** A custom prompt; takes precedence over `as`. */
  prompt?: string | undefined;
  /** `mean`, `cls` or `last`. Default: the model's. */
  pooling?: Pooling | undefined;
  /**
   * `windows` gives the vectors of a document's windows as well, `windowEmbeddings`: pcw has several, other strategies one.
   * Default `document`.
   */
  vectors?: 'document' | 'windows' | undefined;
  /** Scales the vector to length 1. Default `true`. */
  normalize?: boolean | undefined;
  /**
   * Keeps only the first numbers of a vector, from 1 to the model's dimensions, before it is scaled to length 1. Only models
   * trained for it (Matryoshka Representation Learning, arXiv 2205.13147) keep most of their quality. Default: all.
   */
  dimensions?: number | undefined;
  /** Cuts a text that is too long at its end instead of failing with ERR_INPUT_TOO_LONG. Default `false`. */
  truncate?: boolean | undefined;
  /** The longest document in tokens, prompt and special tokens included, from 1: lowers the strategy's target. */
  maxTokens?: number | undefined;
  /** Stops the work: the call rejects with ERR_ABORTED, its `cause` the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called as the native side advances. An error it throws ends the call. */
  onProgress?: ((progress: EmbedProgress) => void) | undefined;
}

/** Options of `EmbeddingModel.embedMany`. */
export interface EmbedManyOptions extends EmbedOptions {
  /**
   * Maximum number of tokens per batch, a whole number from 1: more is faster on a GPU and takes more memory.
   * A window longer than this runs alone. Default 4096.
   */
  batchTokens?: number | undefined;
}

/** Options of `EmbeddingModel.memory`; the defaults are those of `EmbedManyOptions`. */
export interface MemoryOptions extends Pick<
  EmbedManyOptions,
  'extend' | 'as' | 'prompt' | 'pooling' | 'batchTokens'
> {
  /** Tokens of the document, prompt and special tokens included: a whole number from 1. */
  tokens: number;
}

/** The memory that embedding a document takes, in bytes. */
export interface MemoryEstimate {
  /** Tokens of the document, prompt and special tokens included. */
  tokens: number;
  /** Forward passes it takes. */
  windows: number;
  /** Current memory of the process that computes. */
  resident: number;
  /** Its maximum while it embeds the document, and short texts pass in the express lane (docs/engine.md). */
  peak: number;
  /** Whether every device can allocate what is missing; if not, embedding fails with ERR_OUT_OF_MEMORY before it begins. */
  fits: boolean;
  devices: DeviceMemoryEstimate[];
}

/** The share of one device. */
export interface DeviceMemoryEstimate {
  /** "CPU" is the memory of the process. */
  name: string;
  /** Of the model; loaded already. */
  weights: number;
  /** Kept for every token of the sequences that are computed at once. */
  activations: number;
  /** Additional buffers of the blocks of tokens that are computed in parallel, one per thread. */
  graphs: number;
  /** The part of activations and graphs that is not allocated yet: memory is reused from call to call. */
  missing: number;
  /** Free memory, within the limits that the system sets for this process. */
  available: number;
}

/** What a model has to do at some moment: for back-pressure, and for what a server reports of itself. */
export interface Workload {
  /** Calls of `embed`, `embedMany`, … that have begun and not ended. */
  calls: number;
  /** Tokens that are tokenized and wait for their turn, prompt and special ones included; with pcw once in each window. */
  waitingTokens: number;
  /** Tokens of the batches that are computed now or are next. */
  runningTokens: number;
  /** Documents that those tokens are of. */
  runningDocuments: number;
}

/** Options of `EmbeddingModel.countTokens`, as for embedding. */
export type CountOptions = Pick<EmbedOptions, 'extend' | 'as' | 'prompt' | 'maxTokens' | 'signal'>;

/** The length of a document, and the longest one. */
export interface TokenCount {
  /** Content, prompt and special tokens, each once: `Embedding.tokens`, unless `truncate` cuts something off. */
  tokens: number;
  /** Whether `tokens` is an estimate: of texts of over a megabyte, only as much is tokenized as shows that they are too long. */
  estimated: boolean;
  /** The longest document that `embed` takes with these options, counted likewise: the strategy's target, or the lower `maxTokens`. */
  limit: number;
}

export interface EmbedProgress {
  /** Tokens computed so far. With pcw a token counts once in each window that has it. */
  tokensDone: number;
  /** Tokens of all the documents known so far, counted likewise: `embedMany` learns of more as it reads. */
  tokensTotal: number;
}

/** Content token ids, without special tokens: those are added as for text. */
export type TokenInput = readonly number[] | Int32Array;

/** A document for `embedMany`. `id` comes back with its result. */
export type ManyInput =
  | string
  | TokenInput
  | { readonly id?: string | number | undefined; readonly text: string }
  | { readonly id?: string | number | undefined; readonly tokens: TokenInput };

export interface Embedding {
  /** One number per dimension of the model, or `dimensions` of them, scaled to length 1 unless `normalize` is `false`. */
  embedding: Float32Array;
  /** Tokens of the document that were used: content, prompt and special tokens, each once. */
  tokens: number;
  /** Forward passes it took: more than 1 only with pcw. */
  windows: number;
  /** Whether `truncate` cut something off. */
  truncated: boolean;
  /** With `vectors: 'windows'` only. */
  windowEmbeddings?: WindowEmbedding[];
}

/** A window of a document and its vector. */
export interface WindowEmbedding {
  /** The window's tokens, counted among the document's content tokens: [tokenStart, tokenEnd). */
  tokenStart: number;
  tokenEnd: number;
  /** As `Embedding.embedding`. */
  embedding: Float32Array;
}

/** The document of `embedMany` that a result belongs to. */
export interface Origin {
  /** Its place in the inputs, from 0. */
  index: number;
  /** The input's `id`, if it has one. */
  id?: string | number;
}

/**
 * A result of `embedMany`: a vector, or the error of a document that failed alone.
 * @example if ('error' in result) console.error(result.index, result.error.message);
 */
export type ManyResult = (Origin & Embedding) | (Origin & { error: LongEmbedError });

/** Where a setting comes from. */
export type SettingSource = 'option' | 'preset' | 'file';

/** The properties of a loaded model and the settings in use. Lengths are in tokens. */
export interface ModelInfo extends ModelFacts {
  path: string;
  /** Name of the preset in use; null: none. */
  preset: string | null;
  /** The kind of vocabulary ("wordpiece", "sentencepiece", …), or the path of the tokenizer.json in use. */
  tokenizer: string;
  /** Lo, and its source. */
  nativeContext: number;
  nativeContextSource: SettingSource;
  /** The context length that the file gives, whatever the model was trained for. */
  fileContext: number;
  /**
   * How `extendModelFile` or `tunePositions` made the file: the strategy in it, the original's native context and file context, and how
   * rows were learned (null: they were computed). null: it is an original.
   */
  extended: {
    spec: string;
    nativeContext: number;
    originalContext: number;
    tuned: TunedRecord | null;
  } | null;
  /** Positions of short sequences (E5-Base-4k, tuned files): those of up to `upTo` tokens take every `stride`-th. */
  shortInputs: { upTo: number; stride: number } | null;
  /** null: neither the file nor a preset has it, so `embed` needs the option. */
  pooling: Pooling | null;
  poolingSource: SettingSource | null;
  /** The pooling that the file gives, whatever is in use: 'rank' is a reranker's. null: it gives none. */
  filePooling: Pooling | 'rank' | 'none' | null;
  prompts: { query: string; document: string };
  /** Token ids put around every sequence. */
  specialTokens: { prefix: number[]; suffix: number[] };
  /** Number format of matrix products and attention on a CPU: see `LoadOptions.precision`. */
  precision: Precision;
  /** Every strategy, whether the model supports it, and if not, why. */
  strategies: StrategySupport[];
  /** Reasons to doubt the model's vectors, a sentence each; `onWarning` is called with the same. */
  warnings: string[];
}
