/** The tasks of the LongEmbed benchmark. */
import { LongEmbedError } from '../../lib/index.js';
import { needle } from './needle.js';
import { passkey } from './passkey.js';
import { narrativeqa, qmsum, summScreenFd, twoWikiMqa } from './real.js';
import type { Task } from './task.js';

/** In the order of the paper's tables. */
export const TASKS = [passkey, needle, narrativeqa, qmsum, summScreenFd, twoWikiMqa] as const;

export type TaskName = (typeof TASKS)[number]['name'];

/** A task of the benchmark. */
export type BenchTask = Task<TaskName>;

export const TASK_NAMES: readonly TaskName[] = TASKS.map(({ name }) => name);

/**
 * Looks up a task by its name.
 * @throws LongEmbedError ERR_INVALID_OPTION that lists the known names
 */
export function taskOf(name: string): BenchTask {
  const task = TASKS.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `Unknown task ${JSON.stringify(name)}: use ${TASK_NAMES.join(', ')}.`,
  );
}
