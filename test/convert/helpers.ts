/** What the tests of conversion share. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Checkpoints that test/oracle/make_checkpoints.py wrote with Hugging Face's own code. */
export const CHECKPOINTS = fileURLToPath(new URL('../fixtures/checkpoints/', import.meta.url));

export type CheckpointName = 'bert' | 'bert-parts' | 'e5rope' | 'gtr' | 'sentence-t5-gated' | 'gemma';

export const ALL_CHECKPOINTS: readonly CheckpointName[] = [
  'bert',
  'bert-parts',
  'e5rope',
  'gtr',
  'sentence-t5-gated',
  'gemma',
];

export const folder = mkdtempSync(join(tmpdir(), 'longembed-convert-'));

let count = 0;

/** A path where nothing is yet. */
export function newPath(ending = '.gguf'): string {
  return join(folder, `${(count += 1)}${ending}`);
}

/** A copy of a checkpoint that a test may change. */
export function copyOf(name: CheckpointName): string {
  const path = newPath('');
  cpSync(join(CHECKPOINTS, name), path, { recursive: true });
  return path;
}

/** Texts with the token ids and vectors that transformers computed in float64. */
export interface Expected {
  pooling: 'mean' | 'cls' | 'last';
  cases: { text: string; ids: number[]; vector: number[] }[];
}

export function expectedOf(name: CheckpointName): Expected {
  return JSON.parse(readFileSync(join(CHECKPOINTS, name, 'expected.json'), 'utf8')) as Expected;
}
