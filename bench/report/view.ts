/** The results as the page needs them: runs beside their models, tasks in the paper's order. */
import type { ModelResult, Results, RunResult, TaskResult } from '../results/results.js';
import { type BenchTask, type TaskName, TASKS } from '../tasks/index.js';
import type { Task } from '../tasks/task.js';

export interface ModelView {
  readonly model: ModelResult;
  /** In the order in which they were run. */
  readonly runs: readonly RunResult[];
  /** Those that have every task of the page: only these are compared by one number. A report may be of half a run. */
  readonly complete: readonly RunResult[];
}

export interface View {
  readonly results: Results;
  /** Every model, those without a run too. */
  readonly models: readonly ModelView[];
  /** The tasks that any run has, in the paper's order. */
  readonly tasks: readonly BenchTask[];
}

export function viewOf(results: Results): View {
  const runs = results.runs.filter(({ tasks }) => tasks.length > 0);
  const tasks = TASKS.filter(({ name }) => runs.some((run) => taskOfRun(run, name) !== null));
  const isComplete = (run: RunResult): boolean => tasks.every(({ name }) => taskOfRun(run, name) !== null);
  return {
    results,
    models: results.models.map((model) => {
      const own = runs.filter((run) => run.model === model.id);
      return { model, runs: own, complete: own.filter(isComplete) };
    }),
    tasks,
  };
}

export function taskOfRun(run: RunResult, name: TaskName): TaskResult | null {
  return run.tasks.find(({ task }) => task === name) ?? null;
}

/** One number of a complete run, from 0 to 1: the mean of its tasks' main scores. */
export function meanScore({ tasks }: RunResult): number {
  return tasks.reduce((sum, { main }) => sum + main, 0) / tasks.length;
}

/** What `meanScore` is, as a noun. */
export function meanName({ tasks }: View): string {
  const [first] = tasks;
  if (tasks.length === TASKS.length) return 'average of the six tasks';
  if (tasks.length === 1 && first !== undefined) return `${metricTitle(first)} of ${first.title}`;
  return `mean of ${tasks.map(({ title }) => title).join(', ')}`;
}

export function metricTitle({ mainMetric }: Task): string {
  return mainMetric === 'accuracy_at_1' ? 'Acc@1' : 'nDCG@10';
}

/** The run without extension that the others of a model are measured against: of several, the one with the least target. */
export function baselineOf({ complete }: ModelView): RunResult | null {
  const plain = complete.filter(({ method }) => method === 'none');
  return plain.toSorted((a, b) => a.target - b.target)[0] ?? null;
}

/** A strategy with its settings, whatever its target: "ntk:4k,lambda=10" → "ntk,lambda=10". */
export function strategyOf({ extend }: RunResult): string {
  return extend.replace(/:[^,]*/, '');
}
