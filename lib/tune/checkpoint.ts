import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AtomicFile } from '../atomic-file.js';
import { LongEmbedError, readFailure } from '../error.js';
import type { NativeTunerState } from '../native/index.js';
import type { History } from './history.js';

/** The state of a run between two steps: with the same model, pairs and settings it decides all that follows. */
export interface Checkpoint {
  /** A hash of the model, the pairs and the settings. */
  readonly fingerprint: string;
  readonly state: NativeTunerState;
  /** The rows that did best on the held-out pairs; null: none were judged. */
  readonly best: Float32Array | null;
  readonly history: History;
}

const MAGIC = 'longembed checkpoint 1\n';

const HEADER = z.object({
  fingerprint: z.string(),
  steps: z.int().min(0),
  numbers: z.int().min(1),
  hasBest: z.boolean(),
  losses: z.array(z.number()),
  dev: z.array(
    z.object({
      step: z.number(),
      loss: z.number(),
      accuracy: z.number(),
      reciprocalRank: z.number(),
    }),
  ),
});

/**
 * Writes a checkpoint: a line that names the format, a line of JSON, the matrices as little-endian floats, and a SHA-256 of all that.
 * The file is either this checkpoint or, if that fails, the one before.
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be written
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { fingerprint, state, best, history } = checkpoint;
  const header: z.infer<typeof HEADER> = {
    fingerprint,
    steps: state.steps,
    numbers: state.rows.length,
    hasBest: best !== null,
    losses: [...history.losses],
    dev: [...history.dev],
  };
  const parts = [
    Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`),
    ...[state.rows, state.first, state.second, ...(best === null ? [] : [best])].map(bytesOf),
  ];
  const hash = createHash('sha256');
  const file = await AtomicFile.create(path);
  try {
    for (const part of parts) {
      hash.update(part);
      await file.write(part);
    }
    await file.write(hash.digest());
    await file.commit();
  } finally {
    await file.abandon();
  }
}

/** The bytes that `writeCheckpoint` needs for a matrix of so many numbers, about. */
export function checkpointBytes(numbers: number, hasBest: boolean): number {
  return numbers * 4 * (hasBest ? 4 : 3) + (1 << 20);
}

/**
 * Reads a checkpoint.
 * @returns null when there is no such file
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be read or is damaged
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw invalid(`Cannot read the checkpoint ${path}: ${readFailure(error)}.`, error);
  });
  if (bytes === null) return null;
  const damaged = invalid(`${path} is not a whole checkpoint of longembed tune: remove it to begin anew.`);
  const body = bytes.subarray(0, -32);
  const sum = createHash('sha256').update(body).digest();
  if (!sum.equals(bytes.subarray(-32)) || body.toString('latin1', 0, MAGIC.length) !== MAGIC) throw damaged;
  const end = body.indexOf('\n', MAGIC.length);
  const { success, data } = HEADER.safeParse(JSON.parse(body.toString('utf8', MAGIC.length, end)));
  if (!success) throw damaged;
  const { fingerprint, steps, numbers, hasBest, losses, dev } = data;
  const matrix = (place: number): Float32Array => {
    const from = end + 1 + place * numbers * 4;
    return new Float32Array(Uint8Array.from(body.subarray(from, from + numbers * 4)).buffer);
  };
  return {
    fingerprint,
    state: { rows: matrix(0), first: matrix(1), second: matrix(2), steps },
    best: hasBest ? matrix(3) : null,
    history: { losses, dev },
  };
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, { cause });
}
