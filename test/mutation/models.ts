import type { SpecName } from '../../models/random/cached.js';

/** The models whose copies are mutated: one per graph of our own, and one that runs through llama.cpp's context. */
export const MUTATED_MODELS: readonly SpecName[] = [
  'bert',
  'bert-bare',
  'jina-bert-v3',
  'nomic-bert',
  'jina-bert-v2',
  'llama',
  'llama-biases',
  'qwen2',
];
