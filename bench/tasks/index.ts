/** The tasks of the LongEmbed benchmark. */
import { LongEmbedError } from '../../lib/index.js';
import { narrativeqa } from './narrativeqa.js';
import { needle } from './needle.js';
import { passkey } from './passkey.js';
import { qmsum } from './qmsum.js';
import { summScreenFd } from './summ-screen-fd.js';
import type { Task } from './task.js';
import { twoWikiMqa } from './two-wiki-mqa.js';

export { TASK_NAMES } from './task.js';
export type { MainMetric, Split, Task, TaskData, TaskName, TaskOptions } from './task.js';

/** In the order of the paper's tables. */
export const TASKS: readonly Task[] = [passkey, needle, narrativeqa, qmsum, summScreenFd, twoWikiMqa];

/**
 * The task of that name.
 * @throws LongEmbedError ERR_INVALID_OPTION with the names there are
 */
export function taskOf(name: string): Task {
  const task = TASKS.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `There is no task ${JSON.stringify(name)}: use ${TASKS.map((known) => known.name).join(', ')}.`,
  );
}
