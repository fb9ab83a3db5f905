/** What the tests of the synthetic tasks share. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Dataset } from '../../../bench/data/dataset.js';
import type { Task, TaskOptions } from '../../../bench/tasks/task.js';

export function options(given: Partial<TaskOptions> = {}): TaskOptions {
  return {
    data: null,
    essays: null,
    seed: 42,
    lengths: [256],
    signal: undefined,
    onMessage: () => undefined,
    ...given,
  };
}

/** The data of one length. */
export async function generated(
  task: Task,
  length: number,
  given: Partial<TaskOptions> = {},
): Promise<Dataset> {
  const { splits } = await task.open(options({ lengths: [length], ...given }));
  return splits[0]!.load();
}

/** Of all that is in it, in order. */
export function sha256({ documents, queries, relevance }: Dataset): string {
  const grades = [...relevance].map(([query, documentGrades]) => [query, ...documentGrades]);
  return createHash('sha256')
    .update(JSON.stringify([documents, queries, grades]))
    .digest('hex');
}

export const words = (text: string): string[] => text.trim().split(/\s+/);

/** A folder that is gone after the test. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'longembed-essays-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** Pearson's chi-square of numbers from 0 to 1 against an even spread over ten bins (9 degrees of freedom). */
export function chiSquare(fractions: readonly number[]): number {
  const bins = new Array<number>(10).fill(0);
  for (const fraction of fractions) bins[Math.min(9, Math.floor(fraction * 10))]! += 1;
  const expected = fractions.length / 10;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
