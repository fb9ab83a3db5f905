/** Small GGUF models with random weights: the same spec gives the same bytes on every machine. */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { bert } from './bert.js';
import { ggufBytes, type ModelPlan } from './gguf.js';
import { jinaBertV2 } from './jina-bert-v2.js';
import { jinaBertV3 } from './jina-bert-v3.js';
import { llama } from './llama.js';
import { nomicBert } from './nomic-bert.js';
import { qwen2 } from './qwen2.js';
import { type Architecture, type ModelSpec, resolveSpec, type ResolvedSpec } from './spec.js';

export {
  ARCHITECTURES,
  type Architecture,
  type ModelSpec,
  NAMED_SPECS,
  resolveSpec,
  type SpecName,
} from './spec.js';

/** Part of every spec's key: count it up when the same spec begins to give other bytes. */
const GENERATION = 1;

const PLANS: Record<Architecture, (spec: ResolvedSpec) => ModelPlan> = {
  bert,
  'jina-bert-v3': jinaBertV3,
  'nomic-bert': nomicBert,
  'jina-bert-v2': jinaBertV2,
  llama,
  qwen2,
};

/** The file's bytes piece by piece, for models that should not be held in memory whole. */
export function modelBytes(spec: ModelSpec): Generator<Uint8Array> {
  const resolved = resolveSpec(spec);
  return ggufBytes(PLANS[resolved.arch](resolved), resolved.seed);
}

/** A whole GGUF file in memory. */
export function makeModel(spec: ModelSpec): Uint8Array {
  return Buffer.concat([...modelBytes(spec)]);
}

/** Writes the file under a temporary name and renames it, so that nobody ever sees half of it. */
export function writeModel(spec: ModelSpec, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  const file = openSync(temporary, 'wx');
  try {
    for (const piece of modelBytes(spec)) writeSync(file, piece);
    closeSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A short name for the file that a spec gives: 16 hexadecimal digits. */
export function specKey(spec: ModelSpec): string {
  const sorted = Object.entries(resolveSpec(spec)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([GENERATION, sorted]))
    .digest('hex')
    .slice(0, 16);
}
