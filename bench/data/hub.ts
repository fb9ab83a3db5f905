import { join } from 'node:path';
import { formatBytes } from '../../lib/format.js';
import { cacheFolder, exists } from '../../lib/hub/cache.js';
import type { DownloadProgress } from '../../lib/hub/progress.js';
import { HubFailure } from '../../lib/hub/failure.js';
import { type Snapshot, snapshotLabel } from '../../lib/hub/repository.js';
import { type HubSettings, hubSettings } from '../../lib/hub/settings.js';
import { sum } from '../numbers.js';
import { LONGEMBED_COMMIT, type Task, type TaskData, type TaskOptions } from '../tasks/task.js';
import { badData } from './errors.js';
import { EXPECTED } from './layout.js';
import { taskDataOf } from './splits.js';
import { type Table, TABLE_NAMES, type TableName } from './table.js';

type Options = Pick<TaskOptions, 'lengths' | 'signal' | 'onMessage'>;

/** The paper's data on the hub, at the commit that MTEB pins. */
export const DATA: Snapshot = { type: 'dataset', name: 'dwzhu/LongEmbed', commit: LONGEMBED_COMMIT };

/**
 * A task's data from the Hugging Face hub, as the authors published them. Files are kept in the cache that Hugging Face's
 * own programs use, and downloaded only if missing there.
 * @throws LongEmbedError ERR_INVALID_OPTION when they cannot be downloaded; ERR_ABORTED
 */
export async function hubTaskData(task: Task, options: Options, given?: HubSettings): Promise<TaskData> {
  const path = (table: TableName): string => `${task.name}/${table}.jsonl`;
  let snapshot: string;
  try {
    snapshot = await cachedSnapshot(TABLE_NAMES.map(path), given ?? (await hubSettings()), options);
  } catch (error) {
    throw withDataHint(error, task);
  }
  const table = (name: TableName): Table => ({
    name,
    folder: join(snapshot, task.name),
    splits: new Map([[null, [join(snapshot, path(name))]]]),
  });
  const tables = { corpus: table('corpus'), queries: table('queries'), qrels: table('qrels') };
  return taskDataOf(task, tables, `hub ${snapshotLabel(DATA)}`, options);
}

/** Downloads what the cache lacks. @returns the folder of the snapshot */
async function cachedSnapshot(
  paths: readonly string[],
  settings: HubSettings,
  options: Options,
): Promise<string> {
  const folder = cacheFolder(settings.cache, DATA);
  const snapshot = join(folder.snapshots, DATA.commit);
  const missing: string[] = [];
  for (const path of paths) {
    if (!(await exists(join(snapshot, path)))) missing.push(path);
  }
  if (missing.length === 0) return snapshot;
  if (settings.offline) {
    throw new HubFailure(
      'offline',
      `HF_HUB_OFFLINE is set, and the cache ${settings.cache} does not have ${missing.join(', ')} of ${snapshotLabel(DATA)}.`,
    );
  }
  await download(missing, settings, options);
  return snapshot;
}

async function download(
  paths: readonly string[],
  settings: HubSettings,
  { onMessage, signal }: Options,
): Promise<void> {
  // Loaded on demand: the HTTP client is slow to load, and most runs find everything in the cache.
  const { withConnection, describeFiles, downloadFiles } = await import('../../lib/hub/index.js');
  await withConnection(settings, DATA, { signal, what: snapshotLabel(DATA) }, async (connection) => {
    const files = (await describeFiles(connection, DATA, paths)).map((file, index) => {
      if (file !== null) return file;
      throw new HubFailure(
        'not-found',
        `${settings.endpoint} has no ${paths[index] ?? ''} in ${snapshotLabel(DATA)}; check HF_ENDPOINT.`,
      );
    });
    const size = formatBytes(sum(files.map(({ sizeBytes }) => sizeBytes)));
    onMessage(`Downloading ${paths.join(', ')} (${size}) from ${settings.endpoint}.`);
    const folder = cacheFolder(settings.cache, DATA);
    await downloadFiles(files, folder, DATA.commit, connection, progressMessages(onMessage));
  });
}

/** Minimum time between messages about a download. */
const MESSAGE_INTERVAL_MS = 5000;

/** Reports the progress of downloads every few seconds. */
function progressMessages(onMessage: (message: string) => void): (progress: DownloadProgress) => void {
  let reported = performance.now();
  return ({ file, state, bytesDone, bytesTotal }) => {
    if (state === 'waiting') onMessage(`Another process is downloading ${file}: waiting for it.`);
    if (state !== 'downloading' || performance.now() - reported < MESSAGE_INTERVAL_MS) return;
    reported = performance.now();
    const percent = Math.floor((100 * bytesDone) / bytesTotal);
    onMessage(`${file}: ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}, ${percent} %.`);
  };
}

/** Adds that the data may also be given as files. */
function withDataHint(error: unknown, { name, title }: Task): unknown {
  if (!(error instanceof HubFailure)) return error;
  return badData(
    `${title} is not available from the Hugging Face hub. ${error.message} ` +
      `Or give the data with --data DIR, where DIR has a folder ${name}: ${EXPECTED}.`,
    error.cause,
  );
}
