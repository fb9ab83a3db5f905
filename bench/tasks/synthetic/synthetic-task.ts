import { LongEmbedError } from '../../../lib/index.js';
import type { Dataset } from '../../data/dataset.js';
import { badData } from '../../data/errors.js';
import { publishedTaskData } from '../../data/published.js';
import { lengthSplitName } from '../../data/split-names.js';
import type { Split, Task, TaskData, TaskOptions } from '../task.js';
import { Random } from './random.js';

/** Candidate documents of a length, and how many of them are asked for (paper §3.2). */
export const DOCUMENTS = 100;
export const QUERIES = 50;

/** In tokens. Below, a document hardly holds more than its needle; above, the documents of a length fill the memory. */
const LENGTHS = { least: 256, most: 2 ** 20 } as const;

/** A document, and a query that it alone answers. */
export interface Candidate {
  readonly text: string;
  readonly query: string;
}

/** How a task's documents are made. */
export interface Recipe {
  /** Where their texts come from: "generated". */
  readonly origin: string;
  /** The documents of a length in tokens, `DOCUMENTS` of them in corpus order; the same at every call. */
  candidates(length: number): readonly Candidate[];
}

/** A task whose data are in the given folder, else made when they are loaded, a split a length. */
export function syntheticTask(
  facts: Pick<Task, 'name' | 'title' | 'mtebName'>,
  recipeOf: (options: TaskOptions) => Recipe | Promise<Recipe>,
): Task {
  const task: Task = {
    ...facts,
    kind: 'synthetic',
    mainMetric: 'accuracy_at_1',
    open: async (options) => {
      const published = await publishedTaskData(task, options);
      if (published !== null) return published;
      checkLengths(options.lengths);
      if (options.data !== null)
        options.onMessage(`${options.data} does not have ${task.name}: it is generated.`);
      return generatedData(task, options, await recipeOf(options));
    },
  };
  return task;
}

function generatedData(task: Task, { seed, lengths, signal }: TaskOptions, recipe: Recipe): TaskData {
  const make = (length: number): Dataset => {
    throwIfAborted(signal);
    const random = Random.of(seed, task.name, length, 'queries');
    return dataset(`${task.name}_${length}`, recipe.candidates(length), random);
  };
  const splits = lengths.map((length): Split => {
    const load = () => new Promise<Dataset>((resolve) => resolve(make(length)));
    return { name: lengthSplitName(length), length, load };
  });
  return { task, origin: `${recipe.origin}, seed ${seed}`, splits };
}

/** The queries are those of some of the documents, in random order. */
function dataset(prefix: string, candidates: readonly Candidate[], random: Random): Dataset {
  const documents = candidates.map(({ text }, index) => ({ id: `${prefix}_d${index}`, text }));
  const asked = random.sample(candidates.length, QUERIES);
  const queries = asked.map((document, index) => ({
    id: `${prefix}_q${index}`,
    text: (candidates[document] as Candidate).query,
  }));
  const relevance = new Map(
    asked.map((document, index) => [`${prefix}_q${index}`, new Map([[`${prefix}_d${document}`, 1]])]),
  );
  return { documents, queries, relevance };
}

function checkLengths(lengths: readonly number[]): void {
  const { least, most } = LENGTHS;
  if (lengths.length === 0) throw badData('The synthetic tasks have no lengths: name at least one.');
  const wrong = lengths.find((length) => !Number.isInteger(length) || length < least || length > most);
  if (wrong === undefined) return;
  throw badData(
    `The synthetic tasks cannot be made for a length of ${wrong} tokens: use whole numbers from ${least} to ${most}.`,
  );
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new LongEmbedError('ERR_ABORTED', 'The benchmark was stopped by its signal.', {
    cause: signal.reason as unknown,
  });
}
