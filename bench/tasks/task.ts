/** A retrieval task, independent of where its data come from. */
import type { Dataset } from '../data/dataset.js';

/** The commit of dwzhu/LongEmbed, the paper's data on the Hugging Face hub, that MTEB 2.26 pins. */
export const LONGEMBED_COMMIT = '6e346642246bfb4928c560ee08640dc84d074e8c';

/** Message of an error that the signal of a benchmark causes. */
export const STOPPED = 'The benchmark was stopped by its signal.';

/** The main score of a task in the paper. */
export type MainMetric = 'accuracy_at_1' | 'ndcg_at_10';

/** A retrieval task. A new one is its own file and an entry in the list of index.ts. */
export interface Task<Name extends string = string> {
  /** As in the published data: "summ_screen_fd". */
  readonly name: Name;
  /** As in the headings of the paper's tables: "NarrativeQA". */
  readonly title: string;
  /** MTEB's name: "LEMBQMSumRetrieval". */
  readonly mtebName: string;
  /** Synthetic tasks have one split per length and are scored by Acc@1, real ones have one split and nDCG@10 (paper §3). */
  readonly kind: 'synthetic' | 'real';
  readonly mainMetric: MainMetric;
  /** MTEB's name of a real task's only split; null for a synthetic task. */
  readonly split: string | null;
  readonly published: PublishedData;
  /**
   * Finds the task's data and reads no more than necessary: a task whose data are missing fails here, before any model is
   * loaded.
   * @throws LongEmbedError ERR_INVALID_OPTION, ERR_INPUT_EMPTY when data are missing, malformed or inconsistent; ERR_ABORTED
   */
  open(options: TaskOptions): Promise<TaskData>;
}

/** The data of a task as MTEB uses them. */
export interface PublishedData {
  /** The revision of the data set on the hub that MTEB pins. */
  readonly revision: string;
  /** In each split (paper, Table 1). */
  readonly documents: number;
  readonly queries: number;
}

/** Where data come from and how synthetic data are generated. */
export interface TaskOptions {
  /** A folder with one folder per task, in LongEmbed's JSONL or MTEB's parquet layout; null: none. */
  readonly data: string | null;
  /** A folder of .txt essays to hide needles in; null: generated prose. */
  readonly essays: string | null;
  /** Seed of the synthetic tasks, from 0. */
  readonly seed: number;
  /** Lengths of the synthetic tasks in tokens, ascending. */
  readonly lengths: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Receives a sentence about something slow that begins: a download. */
  readonly onMessage: (message: string) => void;
}

/** The data of a task, found but not yet read. */
export interface TaskData {
  readonly task: Task;
  /** Where they come from, for people and for results.json: "generated", "folder …", "hub dwzhu/LongEmbed@6e34664". */
  readonly origin: string;
  readonly splits: readonly Split[];
}

/** A corpus with its queries. */
export interface Split {
  /** MTEB's name: "test", "validation", "test_256". */
  readonly name: string;
  /** Length of a synthetic task's documents in tokens; null for a real task. */
  readonly length: number | null;
  /** Returns the same data on every call: documents in corpus order, queries in file order. */
  load(): Promise<Dataset>;
}
