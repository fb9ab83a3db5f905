import { join } from 'node:path';
import { RESULTS_FILE } from './read.js';
import { type Results, resultsSchema } from './results.js';
import { writeWhole } from './write-whole.js';

/**
 * Writes results.json into a folder, which is made if need be: whole or not at all. Equal results give equal bytes, in
 * whatever order their keys were set.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written
 */
export async function writeResults(folder: string, results: Results): Promise<void> {
  // A parsed object has its keys in the schema's order.
  const ordered = resultsSchema.parse(results);
  await writeWhole(join(folder, RESULTS_FILE), `${JSON.stringify(ordered, sortRecords, 1)}\n`);
}

/** Queries and metrics by name, as they may have been found in any order. */
function sortRecords(key: string, value: unknown): unknown {
  if (key !== 'perQuery' && key !== 'scores') return value;
  return Object.fromEntries(Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
