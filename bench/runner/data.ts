import { throwIfAborted } from '../../lib/abort.js';
import { LongEmbedError } from '../../lib/error.js';
import { type Dataset, datasetSha256 } from '../data/dataset.js';
import type { BenchTask } from '../tasks/index.js';
import { type Split, STOPPED, type TaskData, type TaskOptions } from '../tasks/task.js';
import { textHash } from './cache/entries.js';

/** A task whose data have been found and read once. */
export interface ReadTask {
  readonly task: BenchTask;
  readonly origin: string;
  readonly splits: readonly ReadSplit[];
}

/** A split without its texts, which may be too large to keep in memory. */
export interface ReadSplit {
  readonly name: string;
  readonly length: number | null;
  readonly sha256: string;
  readonly documents: TextStats;
  readonly queries: TextStats;
  /** Reads the split again. @throws LongEmbedError ERR_INVALID_OPTION when it has changed */
  load(): Promise<Dataset>;
}

export interface TextStats {
  /** One hash per text, in order. */
  readonly hashes: readonly Buffer[];
  readonly characters: readonly number[];
  /** Beginnings of some texts, from which the number of tokens is estimated. */
  readonly samples: readonly string[];
}

/** Number and length of the samples kept from a split. */
const SAMPLES = 3;
const MAX_SAMPLE_CHARACTERS = 2000;

/**
 * Opens every task and reads all of its splits, one after the other, so that errors in data are found before anything is
 * computed.
 * @throws LongEmbedError as `Task.open`; ERR_INPUT_EMPTY when the limit leaves no query; ERR_ABORTED
 */
export async function readTasks(
  tasks: readonly BenchTask[],
  options: TaskOptions,
  limit: number | null,
  onWait: (fraction: number, what: string) => void,
): Promise<ReadTask[]> {
  const read: ReadTask[] = [];
  for (const [index, task] of tasks.entries()) {
    onWait(index / tasks.length, `reading ${task.name}`);
    const data = await task.open(options);
    const splits: ReadSplit[] = [];
    for (const split of data.splits) {
      throwIfAborted(options.signal, STOPPED);
      splits.push(await readSplit(data, split, limit));
    }
    read.push({ task, origin: data.origin, splits });
  }
  return read;
}

async function readSplit({ task, origin }: TaskData, split: Split, limit: number | null): Promise<ReadSplit> {
  const load = async (): Promise<Dataset> => limited(await split.load(), limit);
  const dataset = await load();
  if (dataset.queries.length === 0) {
    throw new LongEmbedError(
      'ERR_INPUT_EMPTY',
      `With a limit of ${limit ?? 0} documents, no query of ${task.name} (${split.name}) has all of its relevant documents ` +
        'among them: give a higher --limit.',
    );
  }
  const sha256 = datasetSha256(dataset);
  return {
    name: split.name,
    length: split.length,
    sha256,
    documents: statsOf(dataset.documents),
    queries: statsOf(dataset.queries),
    load: async () => {
      const again = await load();
      if (datasetSha256(again) === sha256) return again;
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The data of ${task.name} (${split.name}, ${origin}) changed during the run: do not modify them, and run the ` +
          'same command again.',
      );
    },
  };
}

/** The first `limit` documents and the queries whose relevant documents are all among them. */
export function limited(dataset: Dataset, limit: number | null): Dataset {
  if (limit === null || limit >= dataset.documents.length) return dataset;
  const documents = dataset.documents.slice(0, limit);
  const kept = new Set(documents.map(({ id }) => id));
  const grades = (query: string) => [...(dataset.relevance.get(query) ?? [])];
  const queries = dataset.queries.filter(({ id }) =>
    grades(id).every(([document, grade]) => grade === 0 || kept.has(document)),
  );
  return {
    ...dataset,
    documents,
    queries,
    relevance: new Map(
      queries.map(({ id }) => [id, new Map(grades(id).filter(([document]) => kept.has(document)))]),
    ),
  };
}

function statsOf(texts: readonly { readonly text: string }[]): TextStats {
  return {
    hashes: texts.map(({ text }) => textHash(text)),
    characters: texts.map(({ text }) => text.length),
    samples: texts.slice(0, SAMPLES).map(({ text }) => text.slice(0, MAX_SAMPLE_CHARACTERS).toWellFormed()),
  };
}
