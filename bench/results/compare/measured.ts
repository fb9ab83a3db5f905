import { dataOf, mainScore } from '../lookup.js';
import type { Results, RunResult, SplitResult, TaskResult } from '../results.js';

/** A score of a run, and the queries that it is the mean of. */
export interface Measured {
  /** From 0 to 1. */
  readonly score: number;
  readonly samples: readonly Sample[];
}

/** A run's main scores of the queries of a split. */
export interface Sample {
  /** "qmsum test": samples of two runs belong together by it. */
  readonly name: string;
  /** The same for the same data only. */
  readonly data: string;
  readonly perQuery: Readonly<Record<string, number>>;
  /** The share of their mean in the score. */
  readonly weight: number;
}

export function measuredSplit(results: Results, task: TaskResult, split: SplitResult): Measured {
  const { sha256 } = dataOf(results, task.task).splits.find(({ name }) => name === split.name) ?? {};
  const sample = {
    name: `${task.task} ${split.name}`,
    data: JSON.stringify([sha256, split.documents, split.queries]),
    perQuery: split.perQuery,
    weight: 1,
  };
  return { score: mainScore(task, split), samples: [sample] };
}

export function measuredTask(results: Results, task: TaskResult): Measured {
  const splits = task.splits.map((split) => measuredSplit(results, task, split));
  return { score: task.main, samples: sharing(splits) };
}

/** null unless the run has an average: all six tasks were run. */
export function measuredAverage(results: Results, { average, tasks }: RunResult): Measured | null {
  if (average === null) return null;
  return { score: average, samples: sharing(tasks.map((task) => measuredTask(results, task))) };
}

/** The samples of parts that count equally. */
function sharing(parts: readonly Measured[]): Sample[] {
  return parts.flatMap(({ samples }) =>
    samples.map((sample) => ({ ...sample, weight: sample.weight / parts.length })),
  );
}
