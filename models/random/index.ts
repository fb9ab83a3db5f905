/** Small GGUF models with random weights: the same spec gives the same bytes on every machine. */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ggufBytes } from './gguf.js';
import { ARCHITECTURE_NAMES, ARCHITECTURES, type ModelSpec, resolveSpec } from './spec.js';

export { NAMED_SPECS, type SpecName } from './named.js';
export {
  ARCHITECTURE_NAMES,
  type Architecture,
  type ModelSpec,
  POSITION_ARCHITECTURES,
  resolveSpec,
} from './spec.js';

/** Part of every spec's key: increase it when the same spec starts to give different bytes. */
const GENERATION = 1;

/** The file's bytes piece by piece, for models too large for memory. */
export function modelBytes(spec: ModelSpec): Generator<Uint8Array> {
  const resolved = resolveSpec(spec);
  return ggufBytes(ARCHITECTURES[resolved.arch].plan(resolved), resolved.seed);
}

/** A whole GGUF file in memory. */
export function makeModel(spec: ModelSpec): Uint8Array {
  return Buffer.concat([...modelBytes(spec)]);
}

/** Writes the file under a temporary name and renames it, so that no reader ever finds half a file. */
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

/** Options that came later, with the values that leave a file as it was before: they are no part of its key. */
const LATER_OPTIONS: Readonly<Record<string, unknown>> = {
  window: 16,
  head: 0,
  gate: 'separate',
  gated: false,
  biasByLayer: false,
  experts: 0,
  expertsUsed: 2,
};

/** A short name for the file that a spec gives: 16 hexadecimal digits. */
export function specKey(spec: ModelSpec): string {
  const sorted = Object.entries(resolveSpec(spec))
    .filter(([key, value]) => LATER_OPTIONS[key] !== value)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([GENERATION, sorted]))
    .digest('hex')
    .slice(0, 16);
}

/** The smallest sizes that have everything. */
const TINY: Omit<ModelSpec, 'arch'> = {
  layers: 1,
  dimensions: 8,
  heads: 2,
  feedForward: 8,
  context: 32,
  vocabulary: 300,
};

/**
 * Writes a tiny model of each architecture, some of them in two forms: seeds for fuzzers, and input for sanitizers.
 *
 * @returns their paths
 */
export function writeTinyModels(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const specs: ModelSpec[] = [
    ...ARCHITECTURE_NAMES.map((arch) => ({ ...TINY, arch })),
    { ...TINY, arch: 'nomic-bert-moe', layers: 2, experts: 4 },
    { ...TINY, arch: 'bert', biases: false, tokenTypes: false, fusedQkv: true, type: 'F16' },
  ];
  return specs.map((spec, index) => {
    const path = join(folder, `${index}-${spec.arch}.gguf`);
    writeModel(spec, path);
    return path;
  });
}
