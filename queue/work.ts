import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-file.js';
import { readFailure } from '../lib/error.js';
import { PART_FORMATS } from './manifest.js';
import { invalid } from './shard.js';

/** What workers do with a run's input. It is a file in the folder of the parts; jobs name it. */
const work = z.object({
  files: z.array(z.object({ path: z.string(), format: z.enum(['text', 'jsonl', 'tokens']) })),
  input: z.object({ bytes: z.number(), fingerprint: z.string() }),
  keys: z.object({ id: z.string().nullable(), text: z.string().nullable() }),
  /** Options of `embedMany`; the command line has checked them. */
  embed: z.record(z.string(), z.json()),
  chunks: z.json(),
  format: z.enum(PART_FORMATS),
  shards: z.int().min(1),
  model: z.object({ name: z.string(), sha256: z.string() }),
});
export type Work = z.infer<typeof work>;

/** A job: a shard of a run. */
const jobData = z.object({
  /** The folder of the parts, and of `work.json`. */
  folder: z.string(),
  /** Of `work.json`. */
  workSha256: z.string(),
  shard: z.object({ index: z.int().min(0), count: z.int().min(1) }),
  /** Bytes of input, about. */
  bytes: z.number(),
});
export type JobData = z.infer<typeof jobData>;

/** What a job of the queue is about; null: another program put it there. */
export function jobDataOf(data: unknown): JobData | null {
  return jobData.safeParse(data).data ?? null;
}

function workPath(folder: string): string {
  return join(folder, 'work.json');
}

/**
 * Puts the work into its folder.
 * @returns its hash
 * @throws LongEmbedError ERR_INVALID_OPTION when the folder has other work
 */
export async function writeWork(folder: string, content: Work): Promise<string> {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const before = await readFile(workPath(folder), 'utf8').catch(() => null);
  if (before !== null && before !== text) {
    throw invalid(
      `${workPath(folder)} is of another run, with another input, model or options: name another folder, or remove it and the parts.`,
    );
  }
  if (before === null) await writeFileAtomically(workPath(folder), text);
  return sha256(text);
}

/** @throws LongEmbedError ERR_INVALID_OPTION when it cannot be read, or is not the one that the job is of */
export async function readWork({ folder, workSha256 }: JobData): Promise<Work> {
  const path = workPath(folder);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw invalid(
      `Cannot read ${path}: ${readFailure(error)}. Workers must see the folder that queue add was given.`,
      error,
    );
  });
  if (sha256(text) !== workSha256)
    throw invalid(`${path} has changed since its jobs were added: add them again.`);
  return work.parse(JSON.parse(text));
}

/** A job's id: the same shard of the same work is the same job. */
export function jobId({ folder, workSha256, shard }: JobData): string {
  return `shard-${sha256(JSON.stringify([folder, workSha256, shard.index, shard.count])).slice(0, 40)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
