import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConsistent } from './consistent.js';
import { checkJson, invalid, readJson } from './read-json.js';
import { RESULTS_FORMAT, type Results, resultsSchema } from './results.js';

/** Name of the file in the folder of a benchmark. */
export const RESULTS_FILE = 'results.json';

/**
 * Reads what `longembed bench` found out.
 * @param path a results.json, or the folder that holds one
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and the field: no such file, another format, malformed, or
 *   inconsistent in itself
 */
export async function readResults(path: string): Promise<Results> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, RESULTS_FILE) : path;
  const content = await readJson(file, 'name a results.json of longembed bench, or the folder that holds it');
  checkFormat(file, content);
  const results = checkJson(file, resultsSchema, content);
  checkConsistent(file, results);
  return results;
}

function checkFormat(file: string, content: unknown): void {
  const format =
    typeof content === 'object' && content !== null ? (content as { format?: unknown }).format : undefined;
  if (format === RESULTS_FORMAT) return;
  if (typeof format !== 'string')
    throw invalid(
      `${file} is no results.json of longembed bench: it does not say that its format is ${RESULTS_FORMAT}.`,
    );
  throw invalid(
    `${file} has the format ${JSON.stringify(format)}, and this longembed reads ${RESULTS_FORMAT}: ` +
      'run the benchmark again with this version, or read the file with the version that wrote it.',
  );
}
