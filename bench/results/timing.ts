/** timing.json: how long a run took, which differs each time, and so is no part of results.json. */
import { join } from 'node:path';
import { z } from 'zod';
import type { TaskName } from '../tasks/index.js';
import { checkJson, readJson } from './read-json.js';
import { writeWhole } from './write-whole.js';

const TIMING_FILE = 'timing.json';

const schema = z.object({
  /** By `timingKey`: seconds of embedding. What came from the cache counts with what it took when it was computed. */
  evaluationSeconds: z.record(z.string(), z.number().nonnegative()),
});

export type Timing = { readonly evaluationSeconds: Readonly<Record<string, number>> };

/** Where `Timing` keeps the seconds of a model with a strategy on a task. */
export function timingKey(modelId: string, extend: string, task: TaskName): string {
  return `${modelId}/${extend}/${task}`;
}

/** @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written */
export async function writeTiming(folder: string, timing: Timing): Promise<void> {
  await writeWhole(join(folder, TIMING_FILE), `${JSON.stringify(timing, null, 1)}\n`);
}

/** @throws LongEmbedError ERR_INVALID_OPTION when there is none, or it is malformed */
export async function readTiming(folder: string): Promise<Timing> {
  const file = join(folder, TIMING_FILE);
  return checkJson(file, schema, await readJson(file, 'name the folder of a longembed bench'));
}
