import { LENGTH, lengthOf } from './columns.js';
import { badData } from './errors.js';
import type { SplitFiles } from './load.js';
import { lengthOfSplit, lengthSplitName } from './split-names.js';
import { readRows, type Table, TABLE_NAMES, type TableName, type Tables } from './table.js';

interface LengthSplit {
  /** In tokens. */
  readonly length: number;
  readonly files: SplitFiles;
}

/**
 * The files of a synthetic task's lengths: told by the split in their names, as in MTEB's layout, or one file of all
 * lengths whose rows tell theirs.
 * @throws LongEmbedError ERR_INVALID_OPTION when one of the lengths is not there
 */
export async function lengthSplitFiles(
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

/** Reads queries and qrels, which are small; the corpus is read when a split is loaded. */
async function splitsByColumn(
  tables: Tables,
  lengths: readonly number[],
  signal: AbortSignal | undefined,
): Promise<LengthSplit[]> {
  const files = eachTable(tables, onlyFiles);
  for (const name of ['queries', 'qrels'] as const) {
    const there = new Set<number>();
    for await (const row of readRows(files[name], signal)) there.add(lengthOf(row));
    const missing = lengths.filter((length) => !there.has(length));
    if (missing.length > 0) throw noSuchLength(files[name].join(', '), missing, [...there]);
  }
  return lengths.map((length) => ({ length, files: { files, length } }));
}

function onlyFiles({ name, folder, splits }: Table): readonly string[] {
  const [files, ...others] = splits.values();
  if (files !== undefined && others.length === 0) return files;
  const there = [...splits.keys()].map(String).join(', ');
  throw badData(`${folder}: ${name} has the splits ${there}, and none of the kind ${lengthSplitName(256)}.`);
}

function eachTable<T>(tables: Tables, of: (table: Table) => T): Record<TableName, T> {
  return { corpus: of(tables.corpus), queries: of(tables.queries), qrels: of(tables.qrels) };
}

function noSuchLength(where: string, missing: readonly number[], there: readonly (number | null)[]): Error {
  const lengths = there.filter((length) => length !== null).sort((a, b) => a - b);
  return badData(
    `${where} has nothing of the length ${missing.join(', ')} (${LENGTH}): ` +
      (lengths.length === 0 ? 'it has no lengths at all.' : `it has ${lengths.join(', ')}.`),
  );
}
