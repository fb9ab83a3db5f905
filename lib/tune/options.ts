import { z } from 'zod';
import {
  callback,
  checkOptions,
  extend,
  filePath,
  flag,
  object,
  oneOf,
  preset,
  signal,
  text,
  threads,
  whole,
} from '../check-options.js';
import type { Extend } from '../extend/index.js';
import type { DownloadProgress } from '../model/types.js';
import type { Pooling } from '../native/index.js';

/** Options of `tunePositions`. */
export interface TuneOptions {
  /** The strategy that the new rows begin with and its target, `pi` (with a whole s) or `rp`: a spec string or the same as an object. */
  extend: string | Extend;
  /**
   * Path of the pairs, JSON Lines: `{"query", "positive", "negatives": […]}` a line, the last one optional. A query should be closer to
   * its positive than to its negatives and to the positives of others.
   */
  pairs: string;
  /** Path of pairs to judge by, which are not learned from: of all rows between steps, those that do best on them are kept. */
  dev?: string | undefined;
  /** Steps between two judgements on `dev`. Default: a twentieth of all steps, at least 1. */
  evalEvery?: number | undefined;
  /** Steps in all. Default: three times through the pairs. */
  steps?: number | undefined;
  /** Pairs in a batch, from 2: each query is compared with the positives of all. Default 512. */
  batch?: number | undefined;
  /** The highest learning rate, above 0. Default 5e-4. */
  learningRate?: number | undefined;
  /** Steps in which it is reached; afterwards it falls evenly, to 0 after the last step. Default 100, at most a tenth of all steps. */
  warmup?: number | undefined;
  /** Divides cosines in the loss, above 0. Default 0.01. */
  temperature?: number | undefined;
  /** AdamW's weight decay, from 0. Default 0. */
  weightDecay?: number | undefined;
  /** What the order of the pairs and the positions of the texts follow from: a whole number from 0. Default 0. */
  seed?: number | undefined;
  /** CPU threads; 0 (default): as many as there are physical cores. The result does not depend on it. */
  threads?: number | undefined;
  /** Whether texts longer than the native context are cut, rather than refused. Default `false`. */
  truncate?: boolean | undefined;
  /** Lo: the tokens the model was trained for, from 2. Default: the preset's, else the file's. */
  nativeContext?: number | undefined;
  /** Name of the known model in the file; `false`: none. Default: detected from the file's metadata. */
  preset?: string | false | undefined;
  /** How token vectors become one. Default: the preset's, else the file's. */
  pooling?: Pooling | undefined;
  /** Text before queries, and before positives and negatives. Default: the preset's. */
  prompts?: { query?: string | undefined; document?: string | undefined } | undefined;
  /** Stops after so many minutes, with a file of what was reached and a checkpoint to go on from. */
  limitMinutes?: number | undefined;
  /** Goes on from the checkpoint of a run with the same model, pairs and settings, and replaces that run's output. Default `false`. */
  resume?: boolean | undefined;
  /** Where the state is kept during the run, a file of its own. Default: the output's path and `.checkpoint`. */
  checkpoint?: string | undefined;
  /** Minutes between two checkpoints. Default 3. */
  checkpointMinutes?: number | undefined;
  /** Path of a page with a picture of the loss; `false`: none. Default: the output's path and `.html`. */
  report?: string | false | undefined;
  /** Whether existing files at `output` and `report`, and the checkpoint of another run, may be replaced. Default `false`. */
  overwrite?: boolean | undefined;
  /** Stops the work after a last checkpoint: the promise rejects with ERR_ABORTED. */
  signal?: AbortSignal | undefined;
  /** Called while a model named hf: is downloaded. */
  onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with a sentence on something that is allowed but may not be intended. Default: `process.emitWarning`. */
  onWarning?: ((message: string) => void) | undefined;
  /** Called several times a second. An error it throws ends the run as `signal` does. */
  onProgress?: ((progress: TuneProgress) => void) | undefined;
}

/** How far a run is. */
export interface TuneProgress {
  phase: 'reading' | 'tuning' | 'judging' | 'writing';
  /** Of the phase; of tuning: of all steps. 0 to 1. */
  fraction: number;
  /** Steps done. */
  step: number;
  steps: number;
  /** Of the last step; null before the first. */
  loss: number | null;
  learningRate: number | null;
  /** Estimated; null before the first step of this run is done. */
  secondsLeft: number | null;
  /** The last judgement on the held-out pairs; null: none yet. */
  dev: DevScore | null;
}

/** How well queries of the held-out pairs find their positives among all their positives and negatives. */
export interface DevScore {
  /** Steps done then. */
  step: number;
  loss: number;
  /** The share of queries whose positive comes first, 0 to 1. */
  accuracy: number;
  /** The mean of 1 / rank of the positive, 0 to 1: the higher, the better; among equals the lower loss counts. */
  reciprocalRank: number;
}

/** What `tunePositions` wrote. */
export interface TunedFile {
  /** The file's path, as it was given. */
  path: string;
  sizeBytes: number;
  /** The strategy with every number written out. */
  spec: string;
  nativeContext: number;
  /** Lt, the file's context length. */
  contextLength: number;
  /** Rows of the position matrix that learned. */
  learnedRows: number;
  /** Steps done, of how many. */
  step: number;
  steps: number;
  /** Whether all steps were done; else the run can go on from the checkpoint. */
  finished: boolean;
  /** Of the last step; null where none was done. */
  loss: number | null;
  /** The judgement of the rows that were written, and that of the rows before the first step; null without `dev`. */
  dev: DevScore | null;
  devBefore: DevScore | null;
  /** Texts that were cut; 0 without `truncate`. */
  truncated: number;
  report: string | null;
  checkpoint: string | null;
}

const above0 = z.number('a number above 0').positive('a number above 0').optional();
const from0 = z.number('a number from 0').min(0, 'a number from 0').optional();
const requiredPath = z.string('a path').min(1, 'a path');

const OPTIONS = object({
  extend,
  pairs: requiredPath,
  dev: filePath,
  evalEvery: whole(1),
  steps: whole(1),
  batch: whole(2),
  learningRate: above0,
  warmup: whole(0),
  temperature: above0,
  weightDecay: from0,
  seed: whole(0),
  threads,
  truncate: flag,
  nativeContext: whole(2),
  preset,
  pooling: oneOf('mean', 'cls', 'last'),
  prompts: object({ query: text, document: text }).optional(),
  limitMinutes: above0,
  resume: flag,
  checkpoint: filePath,
  checkpointMinutes: above0,
  report: z.union([requiredPath, z.literal(false)], 'a path, or false').optional(),
  overwrite: flag,
  signal,
  onDownload: callback<DownloadProgress>(),
  onWarning: callback<string>(),
  onProgress: callback<TuneProgress>(),
});

/** @throws LongEmbedError ERR_INVALID_OPTION */
export const checkTuneOptions = (given: unknown): TuneOptions => checkOptions<TuneOptions>(OPTIONS, given);
