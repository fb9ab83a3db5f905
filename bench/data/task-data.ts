import type { Split, Task, TaskData, TaskOptions } from '../tasks/task.js';
import { lengthSplitFiles } from './length-splits.js';
import { loadSplit, type SplitFiles } from './load.js';
import { realSplitFiles } from './real-split.js';
import { lengthSplitName, realSplitName } from './split-names.js';
import type { Tables } from './table.js';

/**
 * A task's data in files that were found. No corpus is read before its split is loaded, and none is kept.
 * @throws LongEmbedError ERR_INVALID_OPTION when a split or a length is missing; ERR_ABORTED
 */
export async function taskDataOf(
  task: Task,
  tables: Tables,
  origin: string,
  { lengths, signal }: Pick<TaskOptions, 'lengths' | 'signal'>,
): Promise<TaskData> {
  const split = (name: string, length: number | null, files: SplitFiles): Split => ({
    name,
    length,
    load: () => loadSplit(files, signal),
  });
  if (task.kind === 'real') {
    const name = realSplitName(task);
    return { task, origin, splits: [split(name, null, realSplitFiles(tables, name))] };
  }
  const found = await lengthSplitFiles(tables, lengths, signal);
  return {
    task,
    origin,
    splits: found.map(({ length, files }) => split(lengthSplitName(length), length, files)),
  };
}
