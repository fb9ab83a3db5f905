/**
 * results.json: all that a run found out, and nothing that differs between two runs of the same (times are in timing.json).
 */
import { z } from 'zod';
import { TASK_NAMES } from '../tasks/index.js';

/** Changes when an older reader would misread a newer file. */
export const RESULTS_FORMAT = 'longembed-bench/1';

const count = z.number().int().nonnegative();
/** Scores of a split by MTEB's names: ndcg_at_1 … ndcg_at_1000, map_at_…, recall_at_…, precision_at_…, mrr_at_…, accuracy_at_1. */
const scores = z.record(z.string(), z.number());

const splitResult = z.object({
  /** "test", "test_256", … */
  name: z.string(),
  /** Of a synthetic task's documents, in tokens. */
  length: count.nullable(),
  documents: count,
  queries: count,
  /** Tokens of all documents as embedded, and how many documents were cut at the target. */
  documentTokens: count,
  truncatedDocuments: count,
  scores,
  /** The task's main metric of every query, by query id: what `longembed compare` tests. */
  perQuery: z.record(z.string(), z.number()),
});

const taskResult = z.object({
  task: z.enum(TASK_NAMES),
  mainMetric: z.enum(['accuracy_at_1', 'ndcg_at_10']),
  /** 0 to 1: the mean of the splits' main metric. */
  main: z.number(),
  splits: z.array(splitResult).min(1),
});

const runResult = z.object({
  /** `id` of one of `models`. */
  model: z.string(),
  /** The strategy as a spec string: "none", "ntk:4k". */
  extend: z.string(),
  method: z.enum(['none', 'pcw', 'gp', 'rp', 'pi', 'ntk', 'se']),
  /** Documents longer than this were cut, in tokens. */
  target: count,
  tasks: z.array(taskResult),
  /** 0 to 1: the mean of the six tasks' main scores ("Avg."); null unless all six were run. */
  average: z.number().nullable(),
});

const model = z.object({
  /** Unique in this file; names folders too. */
  id: z.string(),
  /** The file's own name of it. */
  name: z.string().nullable(),
  /** Name of the file, without its folder. */
  file: z.string(),
  /** Of the file's content, in hex. */
  sha256: z.string(),
  preset: z.string().nullable(),
  architecture: z.string(),
  quantization: z.string(),
  parameters: count,
  dimensions: count,
  positionEncoding: z.string(),
  nativeContext: count,
  pooling: z.string(),
  prompts: z.object({ query: z.string(), document: z.string() }),
  /** What ran it: "graph on CPU". */
  engine: z.string(),
  /** Strategies of the run that it does not take, with the reason. */
  unsupported: z.array(z.object({ extend: z.string(), reason: z.string() })),
});

const taskData = z.object({
  task: z.enum(TASK_NAMES),
  origin: z.string(),
  splits: z.array(
    z.object({
      name: z.string(),
      length: count.nullable(),
      documents: count,
      queries: count,
      /** SHA-256 of ids, texts and relevance, in hex: two results are of the same data if these agree. */
      sha256: z.string(),
    }),
  ),
});

export const resultsSchema = z.object({
  format: z.literal(RESULTS_FORMAT),
  versions: z.object({ longembed: z.string(), llama: z.string(), commit: z.string(), node: z.string() }),
  machine: z.object({
    platform: z.string(),
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    threads: count,
    backend: z.string(),
  }),
  /** Of the synthetic tasks. */
  seed: count,
  /** Documents a split, with --limit; null: all. */
  limit: count.nullable(),
  data: z.array(taskData),
  models: z.array(model).min(1),
  runs: z.array(runResult),
});

export type Results = z.infer<typeof resultsSchema>;
export type ModelResult = z.infer<typeof model>;
export type RunResult = z.infer<typeof runResult>;
export type TaskResult = z.infer<typeof taskResult>;
export type SplitResult = z.infer<typeof splitResult>;
export type TaskDataResult = z.infer<typeof taskData>;
