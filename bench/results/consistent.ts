import { invalid } from './read-json.js';
import type { Results } from './results.js';

/**
 * Checks what a schema cannot: that names are unique, and that what a run names is there.
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and the field
 */
export function checkConsistent(file: string, results: Results): void {
  const [problem] = problems(results);
  if (problem !== undefined) throw invalid(`${file}: ${problem}.`);
}

/** Clauses that begin with the field. */
function* problems({ data, models, runs }: Results): Generator<string, undefined, undefined> {
  yield* twice(
    'models',
    models.map(({ id }) => `the model ${id}`),
  );
  yield* twice(
    'data',
    data.map(({ task }) => `the task ${task}`),
  );
  yield* twice(
    'runs',
    runs.map(({ model, extend }) => `the run of ${model} with ${extend}`),
  );
  for (const [index, { model, tasks }] of runs.entries()) {
    const run = `runs[${index}]`;
    if (!models.some(({ id }) => id === model)) {
      yield `${run}.model: there is no model ${model} among models`;
    }
    yield* twice(
      `${run}.tasks`,
      tasks.map(({ task }) => `the task ${task}`),
    );
    for (const [position, { task, splits, mainMetric }] of tasks.entries()) {
      const unscored = splits.findIndex(({ scores }) => scores[mainMetric] === undefined);
      if (unscored >= 0) {
        yield `${run}.tasks[${position}].splits[${unscored}].scores: there is no ${mainMetric}`;
      }
      const names = splits.map(({ name }) => name);
      yield* twice(
        `${run}.tasks[${position}].splits`,
        names.map((name) => `the split ${name}`),
      );
      const known = data.find((described) => described.task === task)?.splits ?? [];
      const unknown = names.find((name) => !known.some((split) => split.name === name));
      if (unknown !== undefined) {
        yield `${run}.tasks[${position}].splits: data does not describe the split ${unknown} of ${task}`;
      }
    }
  }
}

function* twice(field: string, things: readonly string[]): Generator<string, undefined, undefined> {
  const index = things.findIndex((thing, position) => things.indexOf(thing) !== position);
  if (index >= 0) yield `${field}[${index}]: ${things[index] ?? ''} is there twice`;
}
