import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelSpec, NAMED_SPECS, writeModel } from '../../models/random/index.js';
import { quantize, ROOT } from './tools.js';

/** Types of weights. The others are made from F16. */
export const TYPES = ['F16', 'BF16', 'Q8_0', 'Q4_K_M'] as const;
export type Type = (typeof TYPES)[number];

export const SPECS = {
  'bert-base': NAMED_SPECS['bert-base'],
  minilm: NAMED_SPECS.minilm,
  'jina-bert-v3-base': NAMED_SPECS['jina-bert-v3-base'],
  'llama-1b': NAMED_SPECS['llama-1b'],
  'e5-mistral': NAMED_SPECS['e5-mistral'],
  'modern-bert-base': NAMED_SPECS['modern-bert-base'],
  'qwen3-0.6b': NAMED_SPECS['qwen3-0.6b'],
} as const satisfies Record<string, ModelSpec>;

/** Shapes of models/random/named.ts. */
export type Shape = keyof typeof SPECS;

/** A model file with random weights, made if missing. @returns its path */
export function speedModel(shape: Shape, type: Type): string {
  const folder = join(ROOT, '.cache', 'speed');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${shape}-${type}.gguf`);
  if (existsSync(path)) return path;
  const f16 = join(folder, `${shape}-F16.gguf`);
  const kept = existsSync(f16);
  if (!kept) writeModel({ ...SPECS[shape], type: 'F16' }, f16);
  if (type === 'F16') return f16;
  quantize(f16, `${path}.part`, type);
  renameSync(`${path}.part`, path);
  if (!kept) rmSync(f16); // gigabytes, and perhaps not needed
  return path;
}
