/**
 * Finds the files of a task's tables in a folder. Known layouts:
 * - the authors': corpus.jsonl, queries.jsonl, qrels.jsonl, also with .gz or .zst;
 * - MTEB's: corpus/test-00000-of-00001.parquet, likewise for queries and qrels; the file name contains the split;
 * - corpus.parquet and corpus-00000-of-00001.parquet, also in data/: older uploads;
 * - corpus/0000.parquet and corpus/test/0000.parquet: the hub's own conversion to parquet.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Task, TaskData, TaskOptions } from '../tasks/task.js';
import { badData, unreadable } from './errors.js';
import { taskDataOf } from './splits.js';
import { type Table, TABLE_NAMES, type TableName, type Tables } from './table.js';

/** Names of the tables in published data; MTEB's loader takes "query" for queries and the config "default" for qrels. */
const TABLE_ALIASES: ReadonlyMap<string, TableName> = new Map([
  ['corpus', 'corpus'],
  ['queries', 'queries'],
  ['query', 'queries'],
  ['qrels', 'qrels'],
  ['default', 'qrels'],
]);

/** Holds the config "default", or all tables. */
const DATA_FOLDER = 'data';

const DATA_FILE = /^(?<stem>.+?)\.(?<kind>jsonl|jsonl\.gz|jsonl\.zst|parquet)$/;
/** test-00000-of-00002, or a bare 0000. */
const SHARD = /^(?:(?:(?<name>.+)-)?(?<number>\d{5})-of-(?<count>\d{5})|(?<bare>\d+))$/;

/**
 * Finds a task in `options.data`: in the folder's subfolder `qmsum`, or `LEMBQMSumRetrieval` as in MTEB's uploads, or in
 * the given folder itself if it has that name and contains the files.
 * @returns null when no folder was given, or it does not have the task
 * @throws LongEmbedError ERR_INVALID_OPTION when the given folder does not exist or the task's files are incomplete;
 * ERR_ABORTED
 */
export async function publishedTaskData(task: Task, options: TaskOptions): Promise<TaskData | null> {
  const { data } = options;
  if (data === null) return null;
  if (!(await isFolder(data))) {
    throw badData(`The data folder ${data} does not exist or is not a folder.`);
  }
  const within = await folderWithin(data, task);
  const folder = within ?? data;
  if (within === null && !isNamedAfter(task, basename(resolve(data)))) return null;
  const tables = await findTables(folder);
  if (tables !== null) return taskDataOf(task, tables, `folder ${folder}`, options);
  if (within === null) return null;
  throw badData(`${within} has no data for ${task.title}: ${EXPECTED}.`);
}

async function folderWithin(data: string, { name, mtebName }: Task): Promise<string | null> {
  const [plain, mteb] = [join(data, name), join(data, mtebName)];
  const [hasPlain, hasMteb] = [await isFolder(plain), await isFolder(mteb)];
  if (hasPlain && hasMteb) throw badData(`${plain} and ${mteb} are the same task: keep only one of them.`);
  if (hasPlain) return plain;
  return hasMteb ? mteb : null;
}

function isNamedAfter({ name, mtebName }: Task, folder: string): boolean {
  return folder === name || folder === mtebName;
}

interface DataFile {
  readonly table: TableName;
  readonly split: string | null;
  /** Within the task's folder. */
  readonly path: string;
  readonly kind: string;
  /** Number of this file and count of all files of the split; null: the only file, or not in its name. */
  readonly shard: number | null;
  readonly shards: number | null;
}

/**
 * Finds the files of a task without reading them.
 * @returns null when the folder has no data file of any table
 * @throws LongEmbedError ERR_INVALID_OPTION when a table or a part of it is missing or duplicated
 */
export async function findTables(folder: string): Promise<Tables | null> {
  const files = await findDataFiles(folder);
  if (files.length === 0) return null;
  const missing = TABLE_NAMES.filter((name) => !files.some(({ table }) => table === name));
  if (missing.length > 0) throw badData(`${folder} has no ${missing.join(' and no ')}: ${EXPECTED}.`);
  const table = (name: TableName): Table => toTable(name, folder, files);
  return { corpus: table('corpus'), queries: table('queries'), qrels: table('qrels') };
}

/** The known layouts, for messages. */
export const EXPECTED =
  "a task is corpus.jsonl, queries.jsonl and qrels.jsonl, or MTEB's folders corpus, queries and qrels with parquet files";

async function findDataFiles(folder: string): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const visit = async (within: readonly string[]): Promise<void> => {
    for (const name of await list(join(folder, ...within))) {
      const file = toDataFile(within, name);
      if (file !== null) files.push(file);
      else if (mayHoldData(within, name) && (await isFolder(join(folder, ...within, name)))) {
        await visit([...within, name]);
      }
    }
  };
  await visit([]);
  return files;
}

/** Sorted, because file systems list names in any order. */
async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw unreadable(folder, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function mayHoldData(within: readonly string[], name: string): boolean {
  const [first] = within;
  if (first === undefined) return TABLE_ALIASES.has(name) || name === DATA_FOLDER;
  return first !== DATA_FOLDER && within.length === 1;
}

function toDataFile(within: readonly string[], fileName: string): DataFile | null {
  const { stem, kind } = DATA_FILE.exec(fileName)?.groups ?? {};
  if (stem === undefined || kind === undefined) return null;
  const shard = SHARD.exec(stem)?.groups;
  const name = shard === undefined ? stem : (shard['name'] ?? null);
  const place = tableAndSplit(within, name);
  if (place === null) return null;
  const number = shard?.['number'] ?? shard?.['bare'];
  const count = shard?.['count'];
  return {
    ...place,
    path: join(...within, fileName),
    kind,
    shard: number === undefined ? null : Number(number),
    shards: count === undefined ? null : Number(count),
  };
}

/** @param name the file name without its shard number */
function tableAndSplit(
  [folder, subfolder]: readonly string[],
  name: string | null,
): Pick<DataFile, 'table' | 'split'> | null {
  if (folder !== undefined && folder !== DATA_FOLDER) {
    const table = TABLE_ALIASES.get(folder);
    return table === undefined ? null : { table, split: subfolder ?? name };
  }
  const table = name === null ? undefined : TABLE_ALIASES.get(name);
  if (table !== undefined) return { table, split: null };
  return folder === DATA_FOLDER ? { table: 'qrels', split: name } : null;
}

function toTable(name: TableName, folder: string, all: readonly DataFile[]): Table {
  const bySplit = new Map<string | null, DataFile[]>();
  for (const file of all) {
    if (file.table === name) bySplit.set(file.split, [...(bySplit.get(file.split) ?? []), file]);
  }
  if (bySplit.size > 1 && bySplit.has(null)) throw duplicated(name, folder, [...bySplit.values()].flat());
  const splits = new Map<string | null, string[]>();
  for (const [split, files] of bySplit) splits.set(split, inOrder(name, folder, files));
  return { name, folder, splits };
}

/** The shards of a split in order, checked to belong to one set. */
function inOrder(name: TableName, folder: string, files: readonly DataFile[]): string[] {
  const [first] = files;
  const alike = files.every(({ kind, shards }) => kind === first?.kind && shards === first.shards);
  const numbers = new Set(files.map(({ shard }) => shard));
  if (!alike || numbers.size < files.length) throw duplicated(name, folder, files);
  const shards = first?.shards ?? files.length;
  if (files.length < shards) {
    const paths = files.map(({ path }) => path).join(', ');
    throw badData(`${folder} has only ${files.length} of the ${shards} files of its ${name}: ${paths}.`);
  }
  return [...files].sort((a, b) => (a.shard ?? 0) - (b.shard ?? 0)).map(({ path }) => join(folder, path));
}

function duplicated(name: TableName, folder: string, files: readonly DataFile[]): Error {
  const paths = files.map(({ path }) => path).join(', ');
  return badData(`${folder} has its ${name} more than once (${paths}): keep only one set.`);
}
