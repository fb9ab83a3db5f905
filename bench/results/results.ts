/**
 * results.json: the results of a benchmark, without anything that differs between two identical runs (times are in
 * timing.json).
 */
import { z } from 'zod';
import { METHODS } from '../../lib/extend/index.js';
import { TASK_NAMES, type TaskName } from '../tasks/index.js';

/** Changes when an older reader would misread a newer file. */
export const RESULTS_FORMAT = 'longembed-bench/1';

/** The format of results with runs that an older reader would take for runs of single vectors. */
export const SCORING_FORMAT = 'longembed-bench/2';

/** Id of the lexical baseline among the models, and its name in `hybrid`. */
export const LEXICAL_ID = 'bm25';

const count = z.number().int().nonnegative();
/** Scores of a split by MTEB's names: ndcg_at_1 … ndcg_at_1000, map_at_…, recall_at_…, precision_at_…, mrr_at_…, accuracy_at_1. */
const scores = z.record(z.string(), z.number());

/** Scores by query id. Not `z.record`, which leaves out the key `__proto__`: an id is whatever the data say. */
const scoresByQuery = z
  .custom<Record<string, number>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object of query ids and scores',
  )
  .superRefine((value, context) => {
    for (const [id, score] of Object.entries<unknown>(value)) {
      if (!Number.isFinite(score))
        context.addIssue({ code: 'custom', path: [id], message: 'expected number' });
    }
  });

/** Queries whose fact stands in a part of its document, and their mean score. */
const depthResult = z.object({
  /** Shares of the document's other text that stand before the fact: from `from`, below `to`; 1 counts to the last part. */
  from: z.number(),
  to: z.number(),
  queries: count,
  /** By the task's main metric; null without queries. */
  score: z.number().nullable(),
});

const splitResult = z.object({
  /** "test", "test_256", … */
  name: z.string(),
  /** Length of a synthetic task's documents in tokens; null for a real task. */
  length: count.nullable(),
  documents: count,
  queries: count,
  /** Tokens of all documents as embedded, and number of documents cut at the target. */
  documentTokens: count,
  truncatedDocuments: count,
  scores,
  /** The task's main metric by query id, which `longembed compare` tests. */
  perQuery: scoresByQuery,
  /** By where the fact stands that answers the query; missing where that is not known: real tasks, and data that were read. */
  byDepth: z.array(depthResult).optional(),
});

const taskResult = z.object({
  task: z.enum(TASK_NAMES),
  mainMetric: z.enum(['accuracy_at_1', 'ndcg_at_10']),
  /** Mean of the splits' main metric, 0 to 1. */
  main: z.number(),
  splits: z.array(splitResult).min(1),
});

const runResult = z.object({
  /** `id` of one of `models`. */
  model: z.string(),
  /** The strategy as a spec string: "none", "ntk:4k". */
  extend: z.string(),
  method: z.enum(METHODS),
  /** Documents longer than this were cut, in tokens; 0 for the lexical baseline, which takes any length. */
  target: count,
  /** "windows" or "chunks:256": a document had several vectors; "lexical": it had none; missing: one. */
  vectors: z
    .string()
    .regex(/^(windows|chunks:[1-9]\d*|lexical)$/)
    .optional(),
  /** The score of a document with several vectors: "max" (MaxSim), or "mean:3", the mean of the best three. */
  aggregate: z
    .string()
    .regex(/^(max|mean:[1-9]\d*)$/)
    .optional(),
  /** The ranking was fused with that of the lexical baseline. */
  hybrid: z.literal(LEXICAL_ID).optional(),
  tasks: z.array(taskResult),
  /** Mean of the paper's six tasks' main scores ("Avg."), 0 to 1; null unless all six were run. */
  average: z.number().nullable(),
});

const model = z.object({
  /** Unique in this file; part of folder names. */
  id: z.string(),
  /** The name in the model file. */
  name: z.string().nullable(),
  /** File name without its folder; of a server's model its name: openai:text-embedding-ada-002. */
  file: z.string(),
  /** SHA-256 in hex of the file's content; of a server's model, of the base URL and the name. */
  sha256: z.string(),
  preset: z.string().nullable(),
  architecture: z.string(),
  quantization: z.string(),
  /** Precision of the CPU's matrix products; missing in files of older versions. */
  precision: z.enum(['full', 'bf16']).optional(),
  parameters: count,
  dimensions: count,
  /** Of the model's vectors, where --dimensions cut them; missing: they were not cut. */
  fullDimensions: count.optional(),
  positionEncoding: z.string(),
  nativeContext: count,
  pooling: z.string(),
  prompts: z.object({ query: z.string(), document: z.string() }),
  /** Engine and device: "graph on CPU"; or "the server" and its base URL. */
  engine: z.string(),
  /** Requested strategies that the model does not support, with the reason. */
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
      /** SHA-256 of ids, texts and relevance in hex: equal for equal data. */
      sha256: z.string(),
    }),
  ),
});

export const resultsSchema = z.object({
  format: z.enum([RESULTS_FORMAT, SCORING_FORMAT]),
  versions: z.object({ longembed: z.string(), llama: z.string(), commit: z.string(), node: z.string() }),
  machine: z.object({
    platform: z.string(),
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    threads: count,
    backend: z.string(),
  }),
  /** Seed of the synthetic tasks. */
  seed: count,
  /** Documents per split, with --limit; null: all. */
  limit: count.nullable(),
  data: z.array(taskData),
  models: z.array(model).min(1),
  runs: z.array(runResult),
});

export type Results = z.infer<typeof resultsSchema>;
export type ModelResult = z.infer<typeof model>;
export type RunResult = z.infer<typeof runResult>;
export type TaskResult = z.infer<typeof taskResult>;
export type DepthResult = z.infer<typeof depthResult>;
export type SplitResult = z.infer<typeof splitResult>;
export type TaskDataResult = z.infer<typeof taskData>;

/** What distinguishes the runs of a model. */
export type RunIdentity = Pick<RunResult, 'extend' | 'vectors' | 'aggregate' | 'hybrid'>;

/** A run's name among those of its model: "pi:4k", "pi:4k chunks:256 max", "pi:4k + bm25", "lexical". */
export function runName(run: RunIdentity): string {
  return isLexical(run) ? 'lexical' : `${run.extend}${scoringSuffix(run)}`;
}

/** What follows the strategy in a run's name; empty for a run of single vectors. */
export function scoringSuffix({ vectors, aggregate, hybrid }: RunIdentity): string {
  const parts = [vectors, aggregate, ...(hybrid === undefined ? [] : ['+', hybrid])];
  return parts.flatMap((part) => (part === undefined ? [] : ` ${part}`)).join('');
}

/** Whether it is a run of the lexical baseline. */
export function isLexical({ vectors }: RunIdentity): boolean {
  return vectors === 'lexical';
}

/** Whether documents were ranked by single vectors alone, as in the paper. */
export function isPlain({ vectors, hybrid }: RunIdentity): boolean {
  return vectors === undefined && hybrid === undefined;
}

// The lookups below expect results that `readResults` has checked.

/** The model of a run. */
export function modelOf({ models }: Results, { model }: RunResult): ModelResult {
  return found(
    models.find(({ id }) => id === model),
    `model ${model}`,
  );
}

/** The data of a task. */
export function dataOf({ data }: Results, name: TaskName): TaskDataResult {
  return found(
    data.find(({ task }) => task === name),
    `data of ${name}`,
  );
}

/** A split's score by its task's main metric, from 0 to 1. */
export function mainScore({ task, mainMetric }: TaskResult, { name, scores }: SplitResult): number {
  return found(scores[mainMetric], `${mainMetric} of ${task}, ${name}`);
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The results have no ${what}.`);
  return value;
}

/**
 * Finds what a schema cannot: duplicate names, and runs that refer to missing models or data.
 * @returns clauses that begin with the field
 */
export function* inconsistencies({ data, models, runs }: Results): Generator<string, undefined, undefined> {
  yield* duplicates(
    'models',
    models.map(({ id }) => `model ${id}`),
  );
  yield* duplicates(
    'data',
    data.map(({ task }) => `task ${task}`),
  );
  yield* duplicates(
    'runs',
    runs.map((run) => `run of ${run.model} with ${runName(run)}`),
  );
  for (const [index, { model, tasks }] of runs.entries()) {
    const run = `runs[${index}]`;
    if (!models.some(({ id }) => id === model)) {
      yield `${run}.model: there is no model ${model} among models`;
    }
    yield* duplicates(
      `${run}.tasks`,
      tasks.map(({ task }) => `task ${task}`),
    );
    for (const [position, { task, splits, mainMetric }] of tasks.entries()) {
      const unscored = splits.findIndex(({ scores }) => scores[mainMetric] === undefined);
      if (unscored >= 0) {
        yield `${run}.tasks[${position}].splits[${unscored}].scores: there is no ${mainMetric}`;
      }
      const names = splits.map(({ name }) => name);
      yield* duplicates(
        `${run}.tasks[${position}].splits`,
        names.map((name) => `split ${name}`),
      );
      const known = data.find((described) => described.task === task)?.splits ?? [];
      const unknown = names.find((name) => !known.some((split) => split.name === name));
      if (unknown !== undefined) {
        yield `${run}.tasks[${position}].splits: data does not describe the split ${unknown} of ${task}`;
      }
    }
  }
}

function* duplicates(field: string, things: readonly string[]): Generator<string, undefined, undefined> {
  const index = things.findIndex((thing, position) => things.indexOf(thing) !== position);
  if (index >= 0) yield `${field}[${index}]: duplicate ${things[index] ?? ''}`;
}
