/**
 * The models that tests, fixtures and scripts call by name: those of every architecture (encoders.ts, decoders.ts), a
 * `quantize-…` for each, and some more.
 */
import type { ArchitectureEntry } from './model-spec.js';
import { type Architecture, ARCHITECTURES, type ModelSpec } from './spec.js';

/** Other shapes than the small ones that most tests take. */
const OTHER_SPECS = {
  /** A model of 6 layers for tests that need a longer computation. */
  start: {
    arch: 'jina-bert-v3',
    layers: 6,
    dimensions: 256,
    heads: 8,
    feedForward: 1024,
    context: 512,
    type: 'F16',
  },
  /** Shapes of BERT-Base, for measuring speed. */
  'bert-base': {
    arch: 'bert',
    layers: 12,
    dimensions: 768,
    heads: 12,
    feedForward: 3072,
    context: 512,
    vocabulary: 30522,
  },
  /** The shape of all-MiniLM-L6-v2 with 8,192 positions, likewise. */
  minilm: {
    arch: 'bert',
    layers: 6,
    dimensions: 384,
    heads: 12,
    feedForward: 1536,
    context: 8192,
    vocabulary: 30522,
  },
  'jina-bert-v3-base': {
    arch: 'jina-bert-v3',
    layers: 12,
    dimensions: 768,
    heads: 12,
    feedForward: 3072,
    context: 512,
    vocabulary: 30522,
  },
  /** Shapes of ModernBERT-base and Qwen3-0.6B, with smaller vocabularies, likewise. */
  'modern-bert-base': {
    arch: 'modern-bert',
    layers: 22,
    dimensions: 768,
    heads: 12,
    headsKv: 12,
    feedForward: 1152,
    context: 8192,
    window: 128,
    vocabulary: 50368,
  },
  'qwen3-0.6b': {
    arch: 'qwen3',
    layers: 28,
    dimensions: 1024,
    heads: 16,
    headsKv: 8,
    headSize: 128,
    feedForward: 3072,
    context: 32768,
    vocabulary: 32000,
  },
  /** The shape of E5-Mistral (Mistral 7B), likewise: 14 GB in F16. */
  'e5-mistral': {
    arch: 'llama',
    layers: 32,
    dimensions: 4096,
    heads: 32,
    headsKv: 8,
    feedForward: 14336,
    context: 32768,
    vocabulary: 32000,
  },
  /** The shape of a llama of a billion parameters, likewise. */
  'llama-1b': {
    arch: 'llama',
    layers: 16,
    dimensions: 2048,
    heads: 32,
    headsKv: 8,
    feedForward: 8192,
    context: 4096,
    ropeBase: 500000,
    vocabulary: 32000,
  },
} as const satisfies Record<string, ModelSpec>;

/** Rows of 256 numbers, so that every type of weights can be used in them. */
function quantizeSpec(arch: Architecture): ModelSpec {
  const { isDecoder }: ArchitectureEntry = ARCHITECTURES[arch];
  const headsKv = isDecoder ? 4 : 8;
  return { arch, layers: 3, dimensions: 256, heads: 8, headsKv, headSize: 32, feedForward: 512, seed: 6 };
}

function architectureSpecs(arch: Architecture): [string, ModelSpec][] {
  const { models }: ArchitectureEntry = ARCHITECTURES[arch];
  const specs = Object.entries(models).map(([name, spec]): [string, ModelSpec] => [name, { arch, ...spec }]);
  return [...specs, [`quantize-${arch}`, quantizeSpec(arch)]];
}

export type SpecName =
  | { [Arch in Architecture]: keyof (typeof ARCHITECTURES)[Arch]['models'] }[Architecture]
  | `quantize-${Architecture}`
  | keyof typeof OTHER_SPECS;

export const NAMED_SPECS = {
  ...Object.fromEntries((Object.keys(ARCHITECTURES) as Architecture[]).flatMap(architectureSpecs)),
  ...OTHER_SPECS,
} as Readonly<Record<SpecName, ModelSpec>>;
