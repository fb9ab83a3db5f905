/** What a part of the results names, in another part. `readResults` has seen to it that it is there. */
import type { TaskName } from '../tasks/index.js';
import type { ModelResult, Results, RunResult, SplitResult, TaskDataResult, TaskResult } from './results.js';

/** The model of a run. */
export function modelOf({ models }: Results, { model }: RunResult): ModelResult {
  return there(
    models.find(({ id }) => id === model),
    `model ${model}`,
  );
}

/** The data of a task. */
export function dataOf({ data }: Results, name: TaskName): TaskDataResult {
  return there(
    data.find(({ task }) => task === name),
    `data of ${name}`,
  );
}

/** A split's score by its task's main metric, from 0 to 1. */
export function mainScore({ task, mainMetric }: TaskResult, { name, scores }: SplitResult): number {
  return there(scores[mainMetric], `${mainMetric} of ${task}, ${name}`);
}

function there<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The results have no ${what}.`);
  return value;
}
