import { join } from 'node:path';
import { LongEmbedError } from '../../../lib/index.js';
import type { Task, TaskData, TaskOptions } from '../../tasks/task.js';
import { badData } from '../errors.js';
import { EXPECTED } from '../layout.js';
import { taskDataOf } from '../splits.js';
import { type Table, TABLE_NAMES, type TableName } from '../table.js';
import { type CacheFolder, cacheFolder, exists, REPOSITORY, REPOSITORY_LABEL } from './cache.js';
import { type HubSettings, hubSettings } from './settings.js';

type Options = Pick<TaskOptions, 'lengths' | 'signal' | 'onMessage'>;

/**
 * A task's data from the Hugging Face hub, as the authors published them. Files are kept in the cache that Hugging Face's
 * own programs use, and downloaded only if missing there.
 * @throws LongEmbedError ERR_INVALID_OPTION when they cannot be downloaded; ERR_ABORTED
 */
export async function hubTaskData(task: Task, options: Options, given?: HubSettings): Promise<TaskData> {
  const settings = given ?? (await hubSettings());
  const folder = cacheFolder(settings.cache, REPOSITORY.name, REPOSITORY.commit);
  const path = (table: TableName): string => `${task.name}/${table}.jsonl`;
  try {
    await ensureCached(TABLE_NAMES.map(path), folder, settings, options);
  } catch (error) {
    throw withDataHint(error, task);
  }
  const table = (name: TableName): Table => ({
    name,
    folder: join(folder.snapshot, task.name),
    splits: new Map([[null, [join(folder.snapshot, path(name))]]]),
  });
  const tables = { corpus: table('corpus'), queries: table('queries'), qrels: table('qrels') };
  return taskDataOf(task, tables, `hub ${REPOSITORY_LABEL}`, options);
}

async function ensureCached(
  paths: readonly string[],
  folder: CacheFolder,
  settings: HubSettings,
  { onMessage, signal }: Options,
): Promise<void> {
  const missing: string[] = [];
  for (const path of paths) {
    if (!(await exists(join(folder.snapshot, path)))) missing.push(path);
  }
  if (missing.length === 0) return;
  if (settings.offline) {
    throw badData(
      `HF_HUB_OFFLINE is set, and the cache ${settings.cache} does not have ${missing.join(', ')} of ${REPOSITORY_LABEL}.`,
    );
  }
  // Loaded on demand: the HTTP client is slow to load, and most runs find everything in the cache.
  const { downloadFiles } = await import('./download.js');
  await downloadFiles(missing, folder, settings, onMessage, signal);
}

/** Adds that the data may also be given as files. */
function withDataHint(error: unknown, { name, title }: Task): unknown {
  if (!(error instanceof LongEmbedError) || error.code !== 'ERR_INVALID_OPTION') return error;
  return badData(
    `${title} is not available from the Hugging Face hub. ${error.message} ` +
      `Or give the data with --data DIR, where DIR has a folder ${name}: ${EXPECTED}.`,
    error.cause,
  );
}
