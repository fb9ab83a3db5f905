/** The results as the page shows them: runs with their models and the paper's figures, tasks in the paper's order. */
import { PAPER_TASKS, paperLengths, paperMain, paperScores } from '../reference/index.js';
import { PAPER_LENGTHS } from '../reference/lengths.js';
import { mean } from '../numbers.js';
import {
  isLexical,
  isPlain,
  type ModelResult,
  type Results,
  type RunResult,
  scoringSuffix,
  type TaskResult,
} from '../results/results.js';
import { type BenchTask, type TaskName, TASKS } from '../tasks/index.js';
import type { Task } from '../tasks/task.js';

export interface ModelView {
  readonly model: ModelResult;
  /** In the order of execution. */
  readonly runs: readonly RunResult[];
  /** Runs with every task of the page: only these have a comparable mean. A report may be of an unfinished benchmark. */
  readonly complete: readonly RunResult[];
}

export interface View {
  readonly results: Results;
  /** Every model, including those without a run. */
  readonly models: readonly ModelView[];
  /** The tasks of all runs, in the paper's order. */
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

/** Mean of a complete run's main scores, from 0 to 1. */
export function meanScore({ tasks }: RunResult): number {
  return mean(tasks.map(({ main }) => main));
}

/** BM25's run over every task of the page; null where there is none. */
export function lexicalRun({ models }: View): RunResult | null {
  return models.flatMap(({ complete }) => complete).find((run) => isLexical(run)) ?? null;
}

/** `meanScore` as a noun phrase. */
export function meanName({ tasks }: View): string {
  const [first] = tasks;
  if (tasks.length === PAPER_TASKS.length) return 'average of the six tasks';
  if (tasks.length === 1 && first !== undefined) return `${metricTitle(first)} of ${first.title}`;
  return `mean of ${tasks.map(({ title }) => title).join(', ')}`;
}

export function metricTitle({ mainMetric }: Task): string {
  return mainMetric === 'accuracy_at_1' ? 'Acc@1' : 'nDCG@10';
}

/** The run without extension that a model's other runs are compared with; of several, the one with the smallest target. */
export function baselineOf({ complete }: ModelView): RunResult | null {
  const plain = complete.filter((run) => run.method === 'none' && isPlain(run));
  return plain.toSorted((a, b) => a.target - b.target)[0] ?? null;
}

/** A strategy with its settings but without its target: "ntk:4k,lambda=10" → "ntk,lambda=10". */
export function strategyOf(run: RunResult): string {
  return run.extend.replace(/:[^,]*/, '') + scoringSuffix(run);
}

/** The paper's figures for one of our runs. */
export interface Paper {
  /** "Table 3"; null: only in the authors' result files. */
  readonly source: string | null;
  /** Main score of a task of the run, from 0 to 1; null: unknown. */
  readonly main: (task: TaskName) => number | null;
  /** "Avg."; null unless our run has the same tasks and lengths. */
  readonly average: number | null;
  /** Length → Acc@1 from 0 to 1; null: unknown. */
  readonly lengths: (task: TaskName) => ReadonlyMap<number, number> | null;
}

/** null when the paper has no figures for the run's tasks, and for limited data, whose scores are not comparable. */
export function paperOf({ results }: View, model: ModelResult, run: RunResult): Paper | null {
  if (results.limit !== null) return null;
  const main = (name: TaskName): number | null => {
    const task = taskOfRun(run, name);
    return task === null ? null : paperMain(model, run, task);
  };
  if (run.tasks.every(({ task }) => main(task) === null)) return null;
  const row = paperScores(model, run);
  return {
    source: row?.source ?? null,
    main,
    average: row !== null && run.average !== null && hasPaperLengths(run) ? row.average : null,
    lengths: (task) => paperLengths(model, run, task),
  };
}

/** Means over other lengths are not comparable with the paper's average. */
function hasPaperLengths({ tasks }: RunResult): boolean {
  return tasks.every(({ splits }) => {
    const lengths = splits.flatMap(({ length }) => length ?? []);
    return lengths.length === 0 || lengths.toSorted((a, b) => a - b).join() === PAPER_LENGTHS.join();
  });
}
