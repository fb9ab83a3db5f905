/** The files of a benchmark: results.json, timing.json, and reading and writing them. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../lib/atomic-file.js';
import { LongEmbedError } from '../../lib/index.js';
import type { TaskName } from '../tasks/index.js';
import { inconsistencies, type Results, RESULTS_FORMAT, resultsSchema, SCORING_FORMAT } from './results.js';

/** Name of the results file in a benchmark's output folder. */
export const RESULTS_FILE = 'results.json';

/** Name of the file with the times of a run, which differ every time and are therefore not in results.json. */
const TIMING_FILE = 'timing.json';

/**
 * Reads the results of `longembed bench`.
 * @param path a results.json or its folder
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and the field: no such file, another format, malformed, or
 *   inconsistent
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
  const [problem] = inconsistencies(results);
  if (problem !== undefined) throw invalid(`${file}: ${problem}.`);
  return results;
}

function checkFormat(file: string, content: unknown): void {
  const format =
    typeof content === 'object' && content !== null ? (content as { format?: unknown }).format : undefined;
  if (format === RESULTS_FORMAT || format === SCORING_FORMAT) return;
  if (typeof format !== 'string')
    throw invalid(`${file} is not a results.json of longembed bench: its format is not ${RESULTS_FORMAT}.`);
  throw invalid(
    `${file} has the format ${JSON.stringify(format)}, and this longembed reads ${RESULTS_FORMAT} and 2: ` +
      'run the benchmark again with this version, or read the file with the version that wrote it.',
  );
}

/**
 * Writes results.json atomically into a folder, which is created if necessary. Equal results give equal bytes, whatever the
 * order of their keys.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written
 */
export async function writeResults(folder: string, results: Results): Promise<void> {
  // A parsed object has its keys in the schema's order.
  const ordered = resultsSchema.parse(results);
  await writeFileAtomically(join(folder, RESULTS_FILE), `${JSON.stringify(ordered, sortRecords, 1)}\n`);
}

/** Sorts queries and metrics by name. */
function sortRecords(key: string, value: unknown): unknown {
  if (key !== 'perQuery' && key !== 'scores') return value;
  return Object.fromEntries(Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const timingSchema = z.object({
  /** Seconds of embedding by `timingKey`. Cached vectors count with the time they took to compute. */
  evaluationSeconds: z.record(z.string(), z.number().nonnegative()),
});

export type Timing = { readonly evaluationSeconds: Readonly<Record<string, number>> };

/** Key in `Timing` of a run on a task. @param run as `runName` gives it */
export function timingKey(modelId: string, run: string, task: TaskName): string {
  return `${modelId}/${run}/${task}`;
}

/** @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written */
export async function writeTiming(folder: string, timing: Timing): Promise<void> {
  await writeFileAtomically(join(folder, TIMING_FILE), `${JSON.stringify(timing, null, 1)}\n`);
}

/** @throws LongEmbedError ERR_INVALID_OPTION when it is missing or malformed */
export async function readTiming(folder: string): Promise<Timing> {
  const file = join(folder, TIMING_FILE);
  return checkJson(file, timingSchema, await readJson(file, 'name the folder of a longembed bench'));
}

/**
 * Reads a JSON file of any content.
 * @param what what to name instead when there is no such file: a clause
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalid(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `There is no file ${path}: ${what}.`
        : `Cannot read ${path}: ${message}.`,
      error,
    );
  });
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown; // Windows editors put a BOM there
  } catch (error) {
    throw invalid(`${path} is not JSON: ${(error as Error).message}.`, error);
  }
}

/**
 * Checks the content of a JSON file.
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and the field: "results.json: runs[0].extend: expected string"
 */
export function checkJson<T>(path: string, schema: z.ZodType<T>, content: unknown): T {
  const checked = schema.safeParse(content);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const what = issue === undefined ? 'it is malformed' : `${field(issue.path)}: ${sentence(issue.message)}`;
  throw invalid(`${path}: ${what}.`);
}

export function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, cause === undefined ? {} : { cause });
}

/** runs[0].tasks[1].main */
function field(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return name === '' ? 'the whole file' : name.replace(/^\./, '');
}

function sentence(message: string): string {
  return message.replace(/^Invalid input: /, '');
}
