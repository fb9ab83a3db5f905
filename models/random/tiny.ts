/** The smallest models that have everything: seeds for fuzzers, and what sanitizers run over. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHITECTURES, type ModelSpec, writeModel } from './index.js';

const SIZES: Omit<ModelSpec, 'arch'> = {
  layers: 1,
  dimensions: 8,
  heads: 2,
  feedForward: 8,
  context: 32,
  vocabulary: 300,
};

/** Writes a model of each architecture, one of them in two ways. @returns their paths */
export function writeTinyModels(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const specs: ModelSpec[] = [
    ...ARCHITECTURES.map((arch) => ({ ...SIZES, arch })),
    { ...SIZES, arch: 'bert', biases: false, tokenTypes: false, fusedQkv: true, type: 'F16' },
  ];
  return specs.map((spec, index) => {
    const path = join(folder, `${index}-${spec.arch}.gguf`);
    writeModel(spec, path);
    return path;
  });
}
