/**
 * Vectors of a Vulkan device against the CPU's, for a selection that covers every architecture, strategy, pooling, type of
 * weights, length and placement at least once: on a software device, all combinations would take hours.
 */
import { afterAll, describe, expect, it } from 'vitest';

import { EmbeddingModel, type LoadOptions, type Pooling } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES, NAMED_SPECS, POSITION_ARCHITECTURES } from '../../models/random/index.js';
import { cosineDistance, drawTokenIds } from '../native/fixtures.js';
import { ALLOWED, NO_VULKAN, WHY } from './device.js';

type Type = keyof typeof ALLOWED;
const TYPES = Object.keys(ALLOWED) as Type[];
const POOLINGS: Pooling[] = ['mean', 'cls', 'last'];
const STRATEGIES = ['none', 'pcw', 'gp', 'rp', 'pi', 'ntk', 'se', 'se:512,g=3,w=5', 'se:512,g=2,w=60'];
const NATIVE = 64;
/** Of content tokens: one alone, a few, both sides of the native context, and a batch of equal ones. */
const LENGTHS = [1, 2, 17, 62, 63, 130, 300, 300, 300];

const rows: string[] = [];
afterAll(() => {
  if (rows.length > 0) process.stdout.write(`\n${rows.join('\n')}\n`);
});

const texts = (lengths: readonly number[]): Int32Array[] =>
  lengths.map((n, i) => drawTokenIds(n + i, n, { low: 300, high: 900 }));

async function vectors(
  model: EmbeddingModel,
  extend: string,
  lengths: readonly number[],
): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for await (const result of model.embedMany(texts(lengths), { extend })) {
    if ('error' in result) throw result.error;
    found.push(result.embedding);
  }
  return found;
}

function path(arch: (typeof ARCHITECTURE_NAMES)[number], type: Type): string {
  return modelPath({ ...NAMED_SPECS[`quantize-${arch}`], type });
}

/** The largest 1 − cosine of each strategy, and how the device's layers were placed. */
async function compare(
  file: string,
  options: LoadOptions,
  strategies: readonly string[],
  lengths: readonly number[],
): Promise<Map<string, number>> {
  const common = { preset: false, onWarning: () => undefined, nativeContext: NATIVE, ...options } as const;
  const cpu = await EmbeddingModel.load(file, { ...common, gpuLayers: undefined, backend: 'cpu' });
  const gpu = await EmbeddingModel.load(file, { ...common, backend: 'vulkan' });
  try {
    const worst = new Map<string, number>();
    for (const extend of strategies) {
      if (!cpu.info.strategies.includes(extend.replace(/[:,].*/, '') as never)) continue;
      const [ours, theirs] = [await vectors(cpu, extend, lengths), await vectors(gpu, extend, lengths)];
      worst.set(extend, Math.max(...ours.map((vector, i) => cosineDistance(vector, theirs[i]!))));
    }
    return worst;
  } finally {
    await Promise.all([cpu.dispose(), gpu.dispose()]);
  }
}

function check(name: string, worst: Map<string, number>, allowed: number): void {
  const shown = [...worst].map(([extend, distance]) => `${extend} ${distance.toExponential(1)}`).join(', ');
  rows.push(`| ${name} | ${shown} | ${allowed} |`);
  expect(worst.size).toBeGreaterThan(0);
  for (const [extend, distance] of worst) expect(distance, `${name}, ${extend}`).toBeLessThanOrEqual(allowed);
}

const WITH_POSITIONS = POSITION_ARCHITECTURES.flatMap((arch, i) =>
  TYPES.map((type, j) => [arch, type, POOLINGS[(i + j) % POOLINGS.length]!] as const),
);

describe.skipIf(NO_VULKAN)(`vectors of a Vulkan device equal the CPU's${WHY}`, () => {
  it.each(WITH_POSITIONS)(
    '%s, weights in %s, pooling %s',
    { timeout: 600_000 },
    async (arch, type, pooling) => {
      // each architecture has all strategies with F16, and takes turns with the others
      const some = STRATEGIES.filter(
        (_, i) => type === 'F16' || i % 2 === TYPES.indexOf(type) % 2 || i === 6,
      );
      check(
        `${arch} ${type} ${pooling}`,
        await compare(path(arch, type), { pooling }, some, LENGTHS),
        ALLOWED[type],
      );
    },
  );

  it.each(ARCHITECTURE_NAMES.filter((arch) => !POSITION_ARCHITECTURES.includes(arch)))(
    '%s, whose tokens know their distances',
    { timeout: 600_000 },
    async (arch) => {
      check(`${arch} F16`, await compare(path(arch, 'F16'), {}, ['none', 'pcw'], [1, 17, 62]), ALLOWED.F16);
    },
  );

  it.each([
    ['llama', 'last', ['ntk', 'se']],
    ['jina-bert-v3', 'mean', ['se']],
    ['bert', 'mean', ['gp']],
  ] as const)('%s at 4,352 tokens, pooling %s', { timeout: 1_200_000 }, async (arch, pooling, methods) => {
    const worst = await compare(
      path(arch, 'F16'),
      { pooling, nativeContext: arch === 'bert' ? NATIVE : 512 },
      methods.map((method) => `${method}:4608`),
      [4350],
    );
    check(`${arch} F16 ${pooling} 4,352 tokens`, worst, ALLOWED.F16);
  });

  it.each([0, 1, 2])(
    'llama and bert with %i of 3 layers on the device',
    { timeout: 600_000 },
    async (gpuLayers) => {
      for (const arch of ['llama', 'bert'] as const) {
        const worst = await compare(path(arch, 'F16'), { gpuLayers }, ['gp', 'se'], [1, 62, 300]);
        check(`${arch} F16, ${gpuLayers} of 3 layers`, worst, ALLOWED.F16);
      }
    },
  );
});
