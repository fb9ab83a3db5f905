import { LongEmbedError } from '../../lib/error.js';
import { datasetSha256 } from '../data/dataset.js';
import type { Dataset } from '../data/dataset.js';
import type { BenchTask } from '../tasks/index.js';
import type { Split, TaskData, TaskOptions } from '../tasks/task.js';
import { textHash } from './cache/keys.js';
import { limited } from './limit.js';

/** A task whose data are there and have been read once. */
export interface ReadTask {
  readonly task: BenchTask;
  readonly origin: string;
  readonly splits: readonly ReadSplit[];
}

/** What is remembered of a split's texts, which may be too many to keep. */
export interface ReadSplit {
  readonly name: string;
  readonly length: number | null;
  readonly sha256: string;
  readonly documents: TextFacts;
  readonly queries: TextFacts;
  /** Reads it again. @throws LongEmbedError ERR_INVALID_OPTION when it is no longer the same */
  load(): Promise<Dataset>;
}

export interface TextFacts {
  /** A hash a text, in order. */
  readonly hashes: readonly Buffer[];
  readonly characters: readonly number[];
  /** The beginnings of some of the texts: what the number of tokens is estimated by. */
  readonly samples: readonly string[];
}

/** Texts and characters of each that are kept as samples. */
const SAMPLES = 3;
const SAMPLE_CHARACTERS = 2000;

/**
 * Opens every task and reads all of its splits, one after the other: what is wrong with data is known before anything is
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
      throwIfAborted(options.signal);
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
    documents: factsOf(dataset.documents),
    queries: factsOf(dataset.queries),
    load: async () => {
      const again = await load();
      if (datasetSha256(again) === sha256) return again;
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The data of ${task.name} (${split.name}, ${origin}) changed while they were being used: leave them alone and run the ` +
          'same command again.',
      );
    },
  };
}

function factsOf(texts: readonly { readonly text: string }[]): TextFacts {
  return {
    hashes: texts.map(({ text }) => textHash(text)),
    characters: texts.map(({ text }) => text.length),
    samples: texts.slice(0, SAMPLES).map(({ text }) => text.slice(0, SAMPLE_CHARACTERS).toWellFormed()),
  };
}

/** @throws LongEmbedError ERR_ABORTED, its cause the signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new LongEmbedError('ERR_ABORTED', 'The benchmark was stopped by its signal.', {
    cause: signal.reason as unknown,
  });
}
