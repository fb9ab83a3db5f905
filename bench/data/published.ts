import { basename, join, resolve } from 'node:path';
import type { Task, TaskData, TaskOptions } from '../tasks/task.js';
import { badData } from './errors.js';
import { EXPECTED, findTables, isFolder } from './layout.js';
import { taskDataOf } from './task-data.js';

/**
 * Finds a task in `options.data`: in its folder `qmsum`, or `LEMBQMSumRetrieval` as MTEB's uploads are called, or in
 * the given folder itself where that is called so and holds the files. Either layout does.
 * @returns null when no folder was given, or it does not have the task
 * @throws LongEmbedError ERR_INVALID_OPTION when the given folder does not exist, or what it has of the task is
 * incomplete; ERR_ABORTED
 */
export async function publishedTaskData(task: Task, options: TaskOptions): Promise<TaskData | null> {
  const { data } = options;
  if (data === null) return null;
  if (!(await isFolder(data))) {
    throw badData(`The folder of the data, ${data}, does not exist or is no folder.`);
  }
  const within = await folderWithin(data, task);
  const folder = within ?? data;
  if (within === null && !calledAfter(task, basename(resolve(data)))) return null;
  const tables = await findTables(folder);
  if (tables !== null) return taskDataOf(task, tables, `folder ${folder}`, options);
  if (within === null) return null;
  throw badData(`${within} has no data of ${task.title}: ${EXPECTED}.`);
}

async function folderWithin(data: string, { name, mtebName }: Task): Promise<string | null> {
  const [plain, mteb] = [join(data, name), join(data, mtebName)];
  const [hasPlain, hasMteb] = [await isFolder(plain), await isFolder(mteb)];
  if (hasPlain && hasMteb) throw badData(`${plain} and ${mteb} are the same task: leave only one of them.`);
  if (hasPlain) return plain;
  return hasMteb ? mteb : null;
}

function calledAfter({ name, mtebName }: Task, folder: string): boolean {
  return folder === name || folder === mtebName;
}
