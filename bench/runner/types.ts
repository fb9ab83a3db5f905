import type {
  EmbeddingModel,
  EmbedManyOptions,
  Extend,
  LoadOptions,
  LongEmbedError,
} from '../../lib/index.js';
import type { RemoteModel } from '../remote/remote-model.js';
import type { RemoteOptions } from '../remote/options.js';
import type { TaskResult } from '../results/results.js';
import type { Aggregate, Vectors } from './scoring.js';
import type { BenchTask, TaskName } from '../tasks/index.js';

/** The part of a model on this machine that the benchmark uses. */
export type LocalModel = Pick<EmbeddingModel, 'info' | 'tokenize' | 'embedMany' | 'dispose'> & {
  /** Missing: the model has no chunk vectors. */
  embedManyChunks?(
    texts: readonly string[],
    options: EmbedManyOptions & { chunks: number },
  ): AsyncIterableIterator<ChunksResult, undefined>;
};

/** A model that embeds the benchmark's texts: on this machine, or a server's. */
export type BenchModel = LocalModel | RemoteModel;

/** What the benchmark knows of a model. */
export type BenchInfo = BenchModel['info'];

/** What the benchmark takes from the vectors of a document's chunks. */
export type ChunksResult =
  | {
      readonly index: number;
      readonly chunks: readonly { readonly embedding: Float32Array }[];
      readonly tokens: number;
      readonly windows: number;
      readonly truncated: boolean;
    }
  | { readonly index: number; readonly error: LongEmbedError };

/** The role of a text: decides its prompt. */
export type Kind = 'query' | 'document';

/** What to run on which data. */
export interface BenchOptions {
  /** Paths of GGUF files, or names of models on a server (openai:text-embedding-ada-002), at least one unless `lexical` is set. */
  readonly models: readonly string[];
  /** Whether BM25 runs too, as a model of its own. */
  readonly lexical?: boolean;
  /** What documents are represented by; each is a run of its own. Default: one vector. */
  readonly vectors?: readonly Vectors[];
  /** How a document with several vectors is scored; each is a run of its own. Default: max. */
  readonly aggregate?: readonly Aggregate[];
  /** Whether each run is repeated with its ranking fused with BM25's. */
  readonly hybrid?: boolean;
  /** Every model runs with each strategy that it supports. */
  readonly extend: readonly Extend[];
  readonly tasks: readonly BenchTask[];
  /** Lengths of the synthetic tasks in tokens, ascending. */
  readonly lengths: readonly number[];
  /** A folder with the tasks' data; null: none. */
  readonly data: string | null;
  /** A folder of .txt essays for needle; null: generated prose. */
  readonly essays: string | null;
  /** Seed of the synthetic tasks, from 0. */
  readonly seed: number;
  /** Maximum number of documents per split, with the queries that they answer; null: all. */
  readonly limit: number | null;
  /** Folder of the cached embeddings, see `defaultCacheFolder`. */
  readonly cache: string;
  /** Options for loading models, including pooling and prompts. */
  readonly load: Omit<LoadOptions, 'signal' | 'onProgress' | 'onWarning'>;
  /** The server of remote models, and what it may cost; left out: as the environment says, without limit. */
  readonly remote?: RemoteOptions;
  /** Maximum number of tokens of a document, if less than the strategy's target; null: the target. */
  readonly maxTokens: number | null;
  /** Numbers of a vector that are compared, the first ones; null: all. The cache keeps whole vectors. */
  readonly dimensions: number | null;
  /**
   * Maximum number of tokens per batch; a longer window runs alone. Null: as many as are fast where the bits of a vector do not
   * depend on the other texts of its batch, else 1, with which every window runs alone (`batchTokensFor`).
   */
  readonly batchTokens: number | null;
}

/** Where results are written. */
export interface OutputOptions {
  /** A folder, created if necessary. */
  readonly output: string;
  /** Whether results of other runs in that folder may be replaced. */
  readonly overwrite: boolean;
}

/** The part of a run that is being computed. */
export interface Place {
  /** Id of the model. */
  readonly model: string;
  /** The strategy as a spec string. */
  readonly extend: string;
  readonly task: TaskName;
  readonly split: string;
  readonly kind: Kind;
  /** Number of texts of that kind in the split. */
  readonly texts: number;
}

/** Progress of a run. Cached texts are counted in `textsDone` only. */
export interface BenchProgress extends Place {
  /** Number of `texts` that are done, including cached ones. */
  readonly textsDone: number;
  /** Number of texts computed by this run, over all kinds, splits and tasks. */
  readonly computed: number;
  /** Number of tokens computed by this run, including those of the current text. */
  readonly tokensDone: number;
  /** Mean of this run so far. */
  readonly tokensPerSecond: number;
  /** The last computed text. */
  readonly last: { readonly tokens: number; readonly seconds: number } | null;
  /** Share of the estimated time, 0 to 1; null while there is no estimate. */
  readonly fraction: number | null;
  /** Estimated time until the end of the run; null while there is no estimate. */
  readonly secondsLeft: number | null;
}

/** Callbacks of a run, and its signal. */
export interface BenchHooks {
  readonly loadModel: (path: string, options: LoadOptions) => Promise<LocalModel>;
  readonly signal: AbortSignal;
  /** Called during other long work, such as loading a model; the fraction is 0 to 1. */
  readonly onWait: (fraction: number, what: string) => void;
  /** Called with a sentence about something slow that begins: a download. */
  readonly onMessage: (message: string) => void;
  /** Called with a sentence about something allowed but probably not intended. */
  readonly onWarning: (message: string) => void;
  readonly onProgress: (progress: BenchProgress) => void;
  /** Called when the results of a task have been written. @param model id @param run as `runName` gives it */
  readonly onTask: (model: string, run: string, task: TaskResult) => void;
}
