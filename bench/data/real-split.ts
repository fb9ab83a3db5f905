import { badData } from './errors.js';
import type { SplitFiles } from './load.js';
import type { Table, Tables } from './table.js';

/**
 * The files of a real task's only split. As MTEB's loader does, one split under another name is taken for it; among
 * several none is guessed.
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export function realSplitFiles(tables: Tables, name: string): SplitFiles {
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
