/**
 * Results as the Python package mteb keeps and loads them: a folder a model and revision with a file a task. mteb reads what
 * stands in the folder `results` of its cache, and its leaderboard's repository has the same folder: copy the model's
 * folders there.
 */
import { join } from 'node:path';
import { taskOf } from '../../tasks/index.js';
import { dataOf, modelOf } from '../lookup.js';
import type { Results, RunResult } from '../results.js';
import { type Timing, timingKey } from '../timing.js';
import { writeWhole } from '../write-whole.js';
import { mtebModelMeta } from './model-meta.js';
import { mtebFolder, mtebModelName } from './names.js';
import { mtebTaskResult } from './task-result.js';

/**
 * Writes `<folder>/mteb/<model>__<strategy>/<SHA-256 of the model file>/`, for each run: a file a task, model_meta.json and
 * run_settings.jsonl. Files of other runs stay as they are.
 * @param timing where a task's seconds are missing, its file has null
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when they cannot be written
 */
export async function writeMtebResults(folder: string, results: Results, timing: Timing): Promise<void> {
  for (const run of results.runs) {
    await writeRun(folder, results, timing, run);
  }
}

async function writeRun(folder: string, results: Results, timing: Timing, run: RunResult): Promise<void> {
  const model = modelOf(results, run);
  const place = join(folder, 'mteb', mtebFolder(mtebModelName(model, run)), model.sha256);
  await writeWhole(join(place, 'model_meta.json'), pretty(mtebModelMeta(model, run)));
  for (const result of run.tasks) {
    const seconds = timing.evaluationSeconds[timingKey(model.id, run.extend, result.task)] ?? null;
    await writeWhole(
      join(place, `${taskOf(result.task).mtebName}.json`),
      pretty(mtebTaskResult(result, dataOf(results, result.task), results.limit, seconds)),
    );
  }
  await writeWhole(join(place, 'run_settings.jsonl'), runSettings(results, run));
}

/** A line a task, as mteb keeps them: what computed it. */
function runSettings({ versions }: Results, { tasks }: RunResult): string {
  const version = { longembed: versions.longembed, 'llama.cpp': versions.llama, mteb: null };
  return tasks
    .map(({ task, splits }) => ({ task: taskOf(task).mtebName, splits: splits.map(({ name }) => name) }))
    .map((line) => `${JSON.stringify({ ...line, version, encode_kwargs: {}, subsets: ['default'] })}\n`)
    .join('');
}

function pretty(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
