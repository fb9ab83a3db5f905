import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LongEmbedError } from '../../lib/error.js';
import { makeFolders } from '../../lib/folders.js';
import { readResults, RESULTS_FILE } from '../results/files.js';
import {
  type Results,
  type RunIdentity,
  runName,
  type RunResult,
  type TaskResult,
} from '../results/results.js';
import { folderFailure } from './folders.js';

/**
 * Creates the folder if necessary and tests whether a file can be written there, rather than hours later.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason
 */
export async function prepareOutputFolder(folder: string): Promise<void> {
  const probe = join(folder, `.longembed-${randomUUID().slice(0, 8)}`);
  try {
    await makeFolders(folder);
    await writeFile(probe, 'Can this folder be written to?\n');
    await rm(probe);
  } catch (error) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The output folder ${folder} cannot be written to: ${folderFailure(error)}. Give another --output.`,
      { cause: error },
    );
  }
}

/** The parts of a run that identify it. */
export type PlannedRun = Pick<RunResult, 'model' | 'target'> &
  RunIdentity & {
    readonly tasks: readonly Pick<TaskResult, 'task'>[];
  };

/**
 * Ensures that no results of another run are lost: those in the folder must be part of the planned run.
 * @throws LongEmbedError ERR_INVALID_OPTION that names what would be lost
 */
export async function checkNothingIsLost(
  folder: string,
  description: Results,
  planned: readonly PlannedRun[],
): Promise<void> {
  if (!existsSync(join(folder, RESULTS_FILE))) return;
  const there = await readResults(folder).catch((error: unknown) => {
    throw refused(folder, `holds a ${RESULTS_FILE} that cannot be read`, error);
  });
  const coming = new Set(tasksOf(description, planned).map(({ identity }) => identity));
  const lost = tasksOf(there, there.runs).filter(({ identity }) => !coming.has(identity));
  const [first] = lost;
  if (first === undefined) return;
  const others = lost.length === 1 ? '' : ` and ${lost.length - 1} more`;
  throw refused(folder, `holds results that this run would replace: ${first.name}${others}`);
}

/** @param why a clause about the folder */
function refused(folder: string, why: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The output folder ${folder} ${why}. Give another --output, or --force to replace it.`,
    { cause },
  );
}

/** The tasks of runs, each with everything its scores depend on. */
function tasksOf(
  { models, data, limit }: Results,
  runs: readonly PlannedRun[],
): { name: string; identity: string }[] {
  return runs.flatMap((run) => {
    const { model: id, target, tasks } = run;
    const model = models.find((one) => one.id === id);
    const precision = model?.precision ?? 'full';
    return tasks.map(({ task }) => ({
      name: `${id} with ${runName(run)} on ${task}`,
      identity: JSON.stringify([
        [model?.sha256, model?.pooling, model?.prompts, model?.nativeContext, model?.dimensions, precision],
        [runName(run), target, limit],
        [task, data.find((one) => one.task === task)?.splits.map(({ name, sha256 }) => [name, sha256])],
      ]),
    }));
  });
}
