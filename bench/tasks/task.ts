/** What a retrieval task is, wherever its data come from. */
import type { Dataset } from '../data/dataset.js';

/** The tasks by their names in the published data, in the paper's order. */
export const TASK_NAMES = [
  'passkey',
  'needle',
  'narrativeqa',
  'qmsum',
  'summ_screen_fd',
  '2wikimqa',
] as const;

export type TaskName = (typeof TASK_NAMES)[number];

/** The score that the paper reports of a task. */
export type MainMetric = 'accuracy_at_1' | 'ndcg_at_10';

/** A task: one file in this folder. */
export interface Task {
  readonly name: TaskName;
  /** As the paper's tables head its column: "NarrativeQA". */
  readonly title: string;
  /** MTEB's name of it: "LEMBQMSumRetrieval". */
  readonly mtebName: string;
  /** Synthetic tasks have a split a length and are scored by Acc@1, real ones have one split and nDCG@10 (paper §3). */
  readonly kind: 'synthetic' | 'real';
  readonly mainMetric: MainMetric;
  /**
   * Finds the task's data, and reads no more of them than it must: a task whose data are missing fails here, before any
   * model is loaded.
   * @throws LongEmbedError ERR_INVALID_OPTION, ERR_INPUT_EMPTY when data are missing, malformed or inconsistent; ERR_ABORTED
   */
  open(options: TaskOptions): Promise<TaskData>;
}

/** Where data come from and how the synthetic ones are made. */
export interface TaskOptions {
  /** A folder with a folder a task, in LongEmbed's JSONL or MTEB's parquet layout; null: none was given. */
  readonly data: string | null;
  /** A folder of .txt essays to hide needles in; null: our own generated prose. */
  readonly essays: string | null;
  /** Of the synthetic tasks, from 0. */
  readonly seed: number;
  /** Lengths of the synthetic tasks in tokens, ascending. */
  readonly lengths: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** A sentence on what takes time: a download. */
  readonly onMessage: (message: string) => void;
}

/** A task's data, found. */
export interface TaskData {
  readonly task: Task;
  /** Where they come from, for people and for results.json: "generated", "folder …", "hub dwzhu/LongEmbed@6e34664". */
  readonly origin: string;
  readonly splits: readonly Split[];
}

/** One corpus with its queries. */
export interface Split {
  /** As MTEB calls it: "test", "validation", "test_256". */
  readonly name: string;
  /** Of a synthetic task's documents, in tokens; null for real ones. */
  readonly length: number | null;
  /** Every call gives the same. Documents come in corpus order, queries in file order. */
  load(): Promise<Dataset>;
}
