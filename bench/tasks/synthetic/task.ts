import { throwIfAborted } from '../../../lib/abort.js';
import type { Dataset } from '../../data/dataset.js';
import { badData } from '../../data/errors.js';
import { publishedTaskData } from '../../data/layout.js';
import { lengthSplitName } from '../../data/splits.js';
import { Random } from '../../../lib/random.js';
import type { Hidden } from './hide.js';
import { type Split, STOPPED, type Task, type TaskData, type TaskOptions } from '../task.js';

/** Candidate documents per length, and queries, each about a different one of them (paper §3.2). */
export const DOCUMENTS = 100;
export const QUERIES = 50;

/** In tokens: shorter documents hold little more than their needle, and 100 longer ones do not fit into memory. */
const MIN_LENGTH = 256;
const MAX_LENGTH = 2 ** 20;

/** A document and a query that only this document answers. */
export interface Candidate extends Hidden {
  readonly query: string;
}

/** How a task's documents are generated. */
export interface Recipe {
  /** Where their texts come from: "generated", "generated in essays of …". */
  readonly origin: string;
  /** The `DOCUMENTS` documents of a length in tokens, in corpus order; the same on every call. */
  candidates(length: number): readonly Candidate[];
}

/** A task that reads its data from the given folder, or else generates them when they are loaded: one split per length. */
export function syntheticTask<Name extends string>(
  description: Pick<Task<Name>, 'name' | 'title' | 'mtebName' | 'published'>,
  recipeOf: (options: TaskOptions) => Recipe | Promise<Recipe>,
): Task<Name> {
  const task: Task<Name> = {
    ...description,
    kind: 'synthetic',
    mainMetric: 'accuracy_at_1',
    split: null,
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
  const generate = (length: number): Dataset => {
    throwIfAborted(signal, STOPPED);
    const random = Random.of(seed, task.name, length, 'queries');
    return dataset(`${task.name}_${length}`, recipe.candidates(length), random);
  };
  const splits = lengths.map((length): Split => {
    const load = () => new Promise<Dataset>((resolve) => resolve(generate(length)));
    return { name: lengthSplitName(length), length, load };
  });
  return { task, origin: `${recipe.origin}, seed ${seed}`, splits };
}

/** Asks for `QUERIES` of the documents, in random order. */
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
  const depths = new Map(
    asked.map((document, index) => [`${prefix}_q${index}`, (candidates[document] as Candidate).depth]),
  );
  return { documents, queries, relevance, depths };
}

function checkLengths(lengths: readonly number[]): void {
  if (lengths.length === 0) throw badData('The synthetic tasks have no lengths: name at least one.');
  const wrong = lengths.find(
    (length) => !Number.isInteger(length) || length < MIN_LENGTH || length > MAX_LENGTH,
  );
  if (wrong === undefined) return;
  throw badData(
    `The synthetic tasks cannot be made for a length of ${wrong} tokens: use whole numbers from ${MIN_LENGTH} to ${MAX_LENGTH}.`,
  );
}
