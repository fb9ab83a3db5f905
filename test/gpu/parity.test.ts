/**
 * Vectors of a GPU against the CPU's, in a covering design, as all combinations would take hours on a software
 * device: every pair of architecture, type of weights, pooling and placement of layers occurs, and every strategy with
 * each of them, over batches of one to nine texts of 1 to 300 tokens; then each kind of attention over 4,352 tokens, and
 * 32,768 tokens.
 */
import { describe, expect, it } from 'vitest';

import { EmbeddingModel, type LoadOptions, type Pooling } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import {
  type Architecture,
  ARCHITECTURE_NAMES,
  type ModelSpec,
  NAMED_SPECS,
  POSITION_ARCHITECTURES,
} from '../../models/random/index.js';
import { cosineDistance, drawTokenIds } from '../native/fixtures.js';
import { ALLOWED, BACKEND, NO_GPU, WHY } from './device.js';

type Type = keyof typeof ALLOWED;
const TYPES = Object.keys(ALLOWED) as Type[];
const POOLINGS: Pooling[] = ['mean', 'cls', 'last'];
/** Of the three layers of a model, those on the device. */
const PLACEMENTS = [3, 2, 1];
const STRATEGIES = [
  'none',
  'pcw',
  'gp',
  'rp',
  'pi',
  'ntk',
  'dntk',
  'yarn',
  'se',
  'se:512,g=3,w=5',
  'se:512,g=2,w=60',
];
const NATIVE = 64;
/** Of content tokens: one alone, a few, both sides of the native context, and a batch of equal ones. */
const LENGTHS = [1, 2, 17, 62, 63, 130, 300, 300, 300];
/** Without extension, all that fits: with the two tokens of a template, 1 to 64. */
const FITTING = LENGTHS.filter((n) => n + 2 <= NATIVE);

interface Case {
  arch: Architecture;
  type: Type;
  pooling: Pooling;
  gpuLayers: number;
  strategies: string[];
}

/** An orthogonal array over type, pooling and placement for each architecture; all strategies with F16, a third with others. */
const CASES: Case[] = ARCHITECTURE_NAMES.flatMap((arch, i) =>
  TYPES.map((type, j) => ({
    arch,
    type,
    pooling: POOLINGS[(i + j) % 3]!,
    gpuLayers: PLACEMENTS[(i + 2 * j) % 3]!,
    strategies: STRATEGIES.filter((_, k) => type === 'F16' || (k + i + j) % 3 === 0),
  })),
);

async function vectors(
  model: EmbeddingModel,
  extend: string,
  lengths: readonly number[],
): Promise<Float32Array[]> {
  const texts = lengths.map((n, i) => drawTokenIds(n + i, n, { low: 300, high: 900 }));
  const found: Float32Array[] = [];
  for await (const result of model.embedMany(texts, { extend })) {
    if ('error' in result) throw result.error;
    found.push(result.embedding);
  }
  return found;
}

/** The largest 1 − cosine of each strategy that the model has. */
async function compare(
  file: string,
  options: LoadOptions,
  strategies: readonly string[],
  lengths: (strategy: string) => readonly number[],
): Promise<Map<string, number>> {
  const common = { preset: false, onWarning: () => undefined, nativeContext: NATIVE, ...options } as const;
  const cpu = await EmbeddingModel.load(file, { ...common, gpuLayers: undefined, backend: 'cpu' });
  const gpu = await EmbeddingModel.load(file, { ...common, backend: BACKEND });
  try {
    const worst = new Map<string, number>();
    for (const extend of strategies) {
      const strategy = extend.replace(/[:,].*/, '');
      if (!cpu.info.strategies.some(({ method, supported }) => method === strategy && supported)) continue;
      const [ours, theirs] = [
        await vectors(cpu, extend, lengths(extend)),
        await vectors(gpu, extend, lengths(extend)),
      ];
      worst.set(extend, Math.max(...ours.map((vector, i) => cosineDistance(vector, theirs[i]!))));
    }
    return worst;
  } finally {
    await Promise.all([cpu.dispose(), gpu.dispose()]);
  }
}

function check(name: string, worst: Map<string, number>, allowed: number): void {
  const shown = [...worst].map(([extend, distance]) => `${extend} ${distance.toExponential(1)}`).join(', ');
  process.stdout.write(`| ${name} | ${shown} | ${allowed} |\n`); // at once: a run may be stopped
  expect(worst.size).toBeGreaterThan(0);
  for (const [extend, distance] of worst) expect(distance, `${name}, ${extend}`).toBeLessThanOrEqual(allowed);
}

it('covers every pair', () => {
  type Factor = 'arch' | 'type' | 'pooling' | 'gpuLayers';
  const pairs = (a: Factor, b: Factor): number => new Set(CASES.map((c) => `${c[a]} ${c[b]}`)).size;
  for (const other of ['type', 'pooling', 'gpuLayers'] as const) {
    expect(pairs('arch', other)).toBe(3 * ARCHITECTURE_NAMES.length);
  }
  for (const [a, b] of [
    ['type', 'pooling'],
    ['type', 'gpuLayers'],
    ['pooling', 'gpuLayers'],
  ] as const) {
    expect(pairs(a, b)).toBe(9);
  }
});

describe.skipIf(NO_GPU)(`vectors of a GPU equal the CPU's${WHY}`, () => {
  it.each(CASES)(
    '$arch, weights in $type, pooling $pooling, $gpuLayers of 3 layers on the device',
    { timeout: 600_000 },
    async ({ arch, type, pooling, gpuLayers, strategies }) => {
      const file = modelPath({ ...NAMED_SPECS[`quantize-${arch}`], type });
      // what has no positions has no strategies but pcw
      const used = POSITION_ARCHITECTURES.includes(arch) ? strategies : ['none', 'pcw'];
      const worst = await compare(file, { pooling, gpuLayers }, used, (strategy) =>
        strategy === 'none' ? FITTING : LENGTHS,
      );
      check(`${arch} ${type} ${pooling}, ${gpuLayers} of 3 layers`, worst, ALLOWED[type]);
    },
  );

  it.each(['llama', 'bert'] as const)('%s with all layers on the CPU', { timeout: 600_000 }, async (arch) => {
    const file = modelPath({ ...NAMED_SPECS[`quantize-${arch}`], type: 'F16' });
    const worst = await compare(file, { gpuLayers: 0 }, ['gp', 'se'], () => [1, 62, 300]);
    check(`${arch} F16, 0 of 3 layers`, worst, ALLOWED.F16);
  });

  // three blocks
  it.each([
    ['llama', 'last', 'F16', ['ntk', 'se']],
    ['llama', 'mean', 'Q8_0', ['se']],
    ['qwen3', 'mean', 'F16', ['ntk', 'se']],
    ['jina-bert-v3', 'mean', 'F16', ['pi', 'se']],
    ['modern-bert', 'cls', 'F16', ['ntk', 'se']],
    ['gemma-embedding', 'mean', 'F16', ['rp', 'se']],
    ['bert', 'mean', 'F16', ['gp']],
    ['jina-bert-v2', 'mean', 'F16', ['none']],
    ['t5encoder', 'mean', 'F16', ['none']],
  ] as const)(
    '%s at 4,352 tokens, pooling %s, weights in %s',
    { timeout: 1_800_000 },
    async (arch, pooling, type, methods) => {
      const worst = await compareLong(arch, pooling, type, methods, 4352);
      check(`${arch} ${type} ${pooling}, 4,352 tokens`, worst, ALLOWED[type]);
    },
  );

  // our kernel for Hopper, where the GPU is one, and weights that are unpacked once for all blocks
  it.each([
    [128, 'F16'],
    [128, 'Q4_K_M'],
    [96, 'F16'],
    [64, 'F16'],
  ] as const)(
    'llama with heads of %i at 8,400 tokens, weights in %s',
    { timeout: 1_800_000 },
    async (headSize, type) => {
      const worst = await compareLong('llama', 'mean', type, ['ntk', 'se'], 8400, headSize);
      check(`llama ${type} mean, heads of ${headSize}, 8,400 tokens`, worst, ALLOWED[type]);
    },
  );

  // sixteen blocks, the length of the flagship's documents
  it.each([
    ['llama', 'last', 'F16', ['ntk']],
    ['llama', 'last', 'Q8_0', ['se']],
  ] as const)(
    '%s at 32,768 tokens, pooling %s, weights in %s',
    { timeout: 1_800_000 },
    async (arch, pooling, type, methods) => {
      const worst = await compareLong(arch, pooling, type, methods, 32_768);
      check(`${arch} ${type} ${pooling}, 32,768 tokens`, worst, ALLOWED[type]);
    },
  );
});

/** `tokens` include the two of the template. */
function compareLong(
  arch: Architecture,
  pooling: Pooling,
  type: Type,
  methods: readonly string[],
  tokens: number,
  headSize = 32,
): Promise<Map<string, number>> {
  const [heads, wide] = [2, 2 * headSize];
  const spec: ModelSpec = { arch, type, layers: 2, dimensions: wide, heads, feedForward: wide };
  if (arch === 'llama' || arch === 'qwen3') spec.headsKv = 1;
  const strategies = methods.map((method) => (method === 'none' ? method : `${method}:${tokens}`));
  const nativeContext = methods[0] === 'none' ? 8192 : arch === 'bert' ? NATIVE : 512;
  const file = modelPath({ ...spec, ...(arch === 'bert' ? {} : { context: nativeContext }) });
  return compare(file, { pooling, nativeContext }, strategies, () => [tokens - 2]);
}
