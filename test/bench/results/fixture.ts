/** Results as a benchmark might find them: small, and made up but for what is checked against the paper. */
import { createHash } from 'node:crypto';
import {
  RESULTS_FORMAT,
  type ModelResult,
  type Results,
  type RunResult,
  type SplitResult,
  type TaskDataResult,
  type TaskResult,
} from '../../../bench/results/results.js';
import { taskOf } from '../../../bench/tasks/index.js';
import type { TaskName } from '../../../bench/tasks/index.js';
import { parseExtend } from '../../../lib/index.js';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function modelResult(given: Partial<ModelResult> = {}): ModelResult {
  const id = given.id ?? 'e5rope-base';
  return {
    id,
    name: 'E5 RoPE Base',
    file: `${id}.gguf`,
    sha256: sha256(id),
    preset: 'e5rope-base',
    architecture: 'jina-bert-v3',
    quantization: 'F16',
    parameters: 109_000_000,
    dimensions: 768,
    positionEncoding: 'rope',
    nativeContext: 512,
    pooling: 'mean',
    prompts: { query: 'query: ', document: 'passage: ' },
    engine: 'graph on CPU',
    unsupported: [],
    ...given,
  };
}

/** A split's result from its queries' main scores; the other scores are that of the main metric too. */
export function splitResult(
  task: TaskName,
  perQuery: Readonly<Record<string, number>>,
  length: number | null = null,
): SplitResult {
  const values = Object.values(perQuery);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const names = ['ndcg_at_1', 'ndcg_at_10', 'map_at_10', 'recall_at_10', 'precision_at_1', 'mrr_at_10'];
  return {
    name: length !== null ? `test_${length}` : task === 'summ_screen_fd' ? 'validation' : 'test',
    length,
    documents: 2 * values.length,
    queries: values.length,
    documentTokens: 1000,
    truncatedDocuments: 0,
    scores: Object.fromEntries([...names, 'accuracy_at_1'].map((name) => [name, mean])),
    perQuery: { ...perQuery },
  };
}

export function taskResult(task: TaskName, splits: readonly SplitResult[]): TaskResult {
  const { mainMetric } = taskOf(task);
  const scores = splits.map((split) => split.scores[mainMetric]!);
  return {
    task,
    mainMetric,
    main: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    splits: [...splits],
  };
}

export function runResult(
  extend: string,
  tasks: readonly TaskResult[],
  given: Partial<RunResult> = {},
): RunResult {
  const { method, target } = parseExtend(extend);
  const mains = tasks.map(({ main }) => main);
  return {
    model: 'e5rope-base',
    extend,
    method,
    target: target ?? 512,
    tasks: [...tasks],
    average: tasks.length === 6 ? mains.reduce((sum, main) => sum + main, 0) / 6 : null,
    ...given,
  };
}

/** Results of runs on data that are told apart by `data` alone. */
export function resultsOf(
  runs: readonly RunResult[],
  { data = 'the data', ...given }: Partial<Omit<Results, 'data'>> & { data?: string } = {},
): Results {
  return {
    format: RESULTS_FORMAT,
    versions: { longembed: '0.1.0', llama: '0.5.0', commit: '7fe450e', node: '20.20.2' },
    machine: { platform: 'linux-x64', cpu: 'a CPU', cores: 2, memoryBytes: 8e9, threads: 2, backend: 'CPU' },
    seed: 0,
    limit: null,
    data: dataOf(runs, data),
    models: [...new Set(runs.map(({ model }) => model))].map((id) => modelResult({ id })),
    runs: [...runs],
    ...given,
  };
}

function dataOf(runs: readonly RunResult[], name: string): TaskDataResult[] {
  const found = new Map<TaskName, Map<string, SplitResult>>();
  for (const { task, splits } of runs.flatMap(({ tasks }) => tasks)) {
    const known = found.get(task) ?? new Map<string, SplitResult>();
    for (const split of splits) known.set(split.name, split);
    found.set(task, known);
  }
  return [...found].map(([task, splits]) => ({
    task,
    origin: 'folder data',
    splits: [...splits.values()].map(({ name: split, length, documents, queries }) => ({
      name: split,
      length,
      documents,
      queries,
      sha256: sha256(`${name} ${task} ${split}`),
    })),
  }));
}

/** Scores of `count` queries of which the first `right` are answered. */
export function answers(count: number, right: number): Record<string, number> {
  return Object.fromEntries(
    Array.from({ length: count }, (_none, index) => [`q${index}`, index < right ? 1 : 0]),
  );
}

/** All six tasks with the main scores in percent; the synthetic ones at the paper's lengths, all alike. */
export function sixTasks(percent: readonly [number, number, number, number, number, number]): TaskResult[] {
  const lengths = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768];
  const names = ['passkey', 'needle', 'narrativeqa', 'qmsum', 'summ_screen_fd', '2wikimqa'] as const;
  return names.map((task, index) => {
    const score = answers(100, percent[index]!);
    return taskResult(
      task,
      index < 2 ? lengths.map((length) => splitResult(task, score, length)) : [splitResult(task, score)],
    );
  });
}
