/** The splits of a task and their files. */
import type { Split, Task, TaskData, TaskOptions } from '../tasks/task.js';
import { badData } from './errors.js';
import { loadSplit, readRows, type SplitFiles } from './load.js';
import { LENGTH, lengthOf, type Table, TABLE_NAMES, type TableName, type Tables } from './table.js';

/** MTEB's name of the split of a synthetic task's length in tokens: "test_256". */
export function lengthSplitName(length: number): string {
  return `test_${length}`;
}

/** The length in such a name; null when it has none. */
function lengthOfSplit(name: string | null): number | null {
  const digits = /^test_([1-9]\d*)$/.exec(name ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * A task's data in the given tables. A corpus is read when its split is loaded, and not kept.
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
  if (task.split !== null) {
    const name = task.split;
    return { task, origin, splits: [split(name, null, realSplitFiles(tables, name))] };
  }
  const found = await lengthSplitFiles(tables, lengths, signal);
  return {
    task,
    origin,
    splits: found.map(({ length, files }) => split(lengthSplitName(length), length, files)),
  };
}

/**
 * The files of a real task's only split. As in MTEB's loader, the only split is taken whatever its name; among several, the
 * name must match.
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
function realSplitFiles(tables: Tables, name: string): SplitFiles {
  const filesOf = ({ splits, folder, name: table }: Table): readonly string[] => {
    const files = splits.size === 1 ? [...splits.values()][0] : splits.get(name);
    if (files !== undefined) return files;
    const there = [...splits.keys()].map(String).join(', ');
    throw badData(`${folder}: ${table} has the splits ${there}, and none is called ${name}.`);
  };
  const { corpus, queries, qrels } = tables;
  return {
    files: { corpus: filesOf(corpus), queries: filesOf(queries), qrels: filesOf(qrels) },
    length: null,
  };
}

interface LengthSplit {
  /** In tokens. */
  readonly length: number;
  readonly files: SplitFiles;
}

/**
 * The files of a synthetic task by length: either the file names contain the length, as in MTEB's layout, or one file has
 * the rows of all lengths with a column for it.
 * @throws LongEmbedError ERR_INVALID_OPTION when a length is missing
 */
async function lengthSplitFiles(
  tables: Tables,
  lengths: readonly number[],
  signal: AbortSignal | undefined,
): Promise<LengthSplit[]> {
  const named = TABLE_NAMES.some((name) =>
    [...tables[name].splits.keys()].some((split) => lengthOfSplit(split) !== null),
  );
  return named ? splitsByName(tables, lengths) : splitsByColumn(tables, lengths, signal);
}

function splitsByName(tables: Tables, lengths: readonly number[]): LengthSplit[] {
  const filesOf = (length: number, { name, folder, splits }: Table): readonly string[] => {
    const files = splits.get(lengthSplitName(length));
    if (files !== undefined) return files;
    throw noSuchLength(`${folder}: ${name}`, [length], [...splits.keys()].map(lengthOfSplit));
  };
  return lengths.map((length) => ({
    length,
    files: { files: eachTable(tables, (table) => filesOf(length, table)), length: null },
  }));
}

/** Reads queries and qrels, which are small, to find their lengths; the corpus is read when a split is loaded. */
async function splitsByColumn(
  tables: Tables,
  lengths: readonly number[],
  signal: AbortSignal | undefined,
): Promise<LengthSplit[]> {
  const files = eachTable(tables, onlyFiles);
  for (const name of ['queries', 'qrels'] as const) {
    const lengthsFound = new Set<number>();
    for await (const row of readRows(files[name], signal)) lengthsFound.add(lengthOf(row));
    const missing = lengths.filter((length) => !lengthsFound.has(length));
    if (missing.length > 0) throw noSuchLength(files[name].join(', '), missing, [...lengthsFound]);
  }
  return lengths.map((length) => ({ length, files: { files, length } }));
}

function onlyFiles({ name, folder, splits }: Table): readonly string[] {
  const [files, ...others] = splits.values();
  if (files !== undefined && others.length === 0) return files;
  const there = [...splits.keys()].map(String).join(', ');
  throw badData(`${folder}: ${name} has the splits ${there}, and none named like ${lengthSplitName(256)}.`);
}

function eachTable<T>(tables: Tables, of: (table: Table) => T): Record<TableName, T> {
  return { corpus: of(tables.corpus), queries: of(tables.queries), qrels: of(tables.qrels) };
}

function noSuchLength(where: string, missing: readonly number[], there: readonly (number | null)[]): Error {
  const lengths = there.filter((length) => length !== null).sort((a, b) => a - b);
  return badData(
    `${where} has no rows of length ${missing.join(', ')} (${LENGTH}): ` +
      (lengths.length === 0 ? 'it has no lengths.' : `it has ${lengths.join(', ')}.`),
  );
}
