import type { EmbeddingModel, Extend, LoadOptions } from '../../lib/index.js';
import type { TaskResult } from '../results/results.js';
import type { BenchTask, TaskName } from '../tasks/index.js';

/** What the benchmark needs of a model. */
export type BenchModel = Pick<EmbeddingModel, 'info' | 'tokenize' | 'embedMany' | 'dispose'>;

/** What texts are embedded as. */
export type Kind = 'query' | 'document';

/** What to run, and where things are. */
export interface BenchOptions {
  /** Paths of GGUF files, at least one. */
  readonly models: readonly string[];
  /** Every model runs with each of these that it can take. */
  readonly extend: readonly Extend[];
  readonly tasks: readonly BenchTask[];
  /** Of the synthetic tasks, in tokens, ascending. */
  readonly lengths: readonly number[];
  /** A folder with the tasks' data; null: none. */
  readonly data: string | null;
  /** A folder of .txt essays for needle; null: our own prose. */
  readonly essays: string | null;
  /** Of the synthetic tasks, from 0. */
  readonly seed: number;
  /** Only the first documents of each split, with the queries that they answer; null: all. */
  readonly limit: number | null;
  /** Where embeddings are kept: see `defaultCacheFolder`. */
  readonly cache: string;
  /** How models are loaded, pooling and prompts among it. */
  readonly load: Omit<LoadOptions, 'signal' | 'onProgress' | 'onWarning'>;
  /** Cuts documents shorter than the strategy's target, in tokens; null: at the target. */
  readonly maxTokens: number | null;
  /**
   * Tokens that go through the model at once. A window longer than this runs alone; with 1 every window does, and then
   * a vector never depends, in its last bits, on which other texts were computed beside it.
   */
  readonly batchTokens: number;
}

/** Where results go. */
export interface OutputOptions {
  /** A folder; it is made if need be. */
  readonly output: string;
  /** Whether results of other runs in that folder may be replaced. */
  readonly overwrite: boolean;
}

/** Where a run is. */
export interface Place {
  /** Its id. */
  readonly model: string;
  /** The strategy as a spec string. */
  readonly extend: string;
  readonly task: TaskName;
  readonly split: string;
  readonly kind: Kind;
  /** Texts of that kind in the split. */
  readonly texts: number;
}

/** How far a run has come. What the cache holds costs nothing and is in none of the figures but `textsDone`. */
export interface BenchProgress extends Place {
  /** Of `texts`, those that are done, with those that the cache held. */
  readonly textsDone: number;
  /** Texts that this run computed, of all kinds, splits and tasks. */
  readonly computed: number;
  /** Tokens that this run computed, those of a text under way included. */
  readonly tokensDone: number;
  /** Of this run as far as it has come. */
  readonly tokensPerSecond: number;
  /** The text that was computed last. */
  readonly last: { readonly tokens: number; readonly seconds: number } | null;
  /** 0 to 1, by time; null while there is nothing to tell it by. */
  readonly fraction: number | null;
  /** Until the whole run is done. */
  readonly secondsLeft: number | null;
}

/** What a run tells, and how it is stopped. */
export interface BenchHooks {
  readonly loadModel: (path: string, options: LoadOptions) => Promise<BenchModel>;
  readonly signal: AbortSignal;
  /** Something long goes on before or between the work itself; the fraction is 0 to 1. */
  readonly onWait: (fraction: number, what: string) => void;
  /** A sentence on what is about to be done and takes time: a download. */
  readonly onMessage: (message: string) => void;
  /** A sentence on what is allowed, but probably not what was meant. */
  readonly onWarning: (message: string) => void;
  readonly onProgress: (progress: BenchProgress) => void;
  /** A task is done, and its results are written. @param model its id @param extend as a spec string */
  readonly onTask: (model: string, extend: string, task: TaskResult) => void;
}
