/**
 * On a CPU the bits of a vector follow from its text alone: not from the other texts of a batch, their order, or the number of
 * threads. Raw pooled vectors, so that normalisation hides nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addon } from '../../lib/native/index.js';
import type { NativeBatch, NativeModel } from '../../lib/native/types.js';
import { modelPath } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES, POSITION_ARCHITECTURES } from '../../models/random/index.js';
import { drawTokenIds } from './fixtures.js';

const THREADS = [1, 2, 5] as const;

// around the width of vectors, tiles of 48 queries and 64 keys, and blocks of up to 528 tokens; equal ones share a run
const LENGTHS = [7, 1, 33, 100, 16, 17, 64, 65, 13, 13, 130, 1100, 48, 100, 529, 300, 5, 700, 2];

/** What a batch may ask for beside its tokens. */
interface Way {
  readonly name: string;
  readonly pooling: NativeBatch['pooling'];
  readonly selfExtend?: NativeBatch['selfExtend'];
  /** Factors far from 1 make the softmax peaked: its reference then moves in the middle of a text. */
  readonly factor?: (index: number) => number;
  readonly position?: (index: number) => number;
  readonly ropeScale?: number;
}

const ORDINARY: readonly Way[] = [
  { name: 'mean', pooling: 'mean' },
  { name: 'the last token', pooling: 'last' },
  { name: 'peaked scores', pooling: 'mean', factor: () => 80 },
  { name: 'factors by index', pooling: 'cls', factor: (index) => 1 + index / 50 },
];
const ROTARY: readonly Way[] = [
  { name: 'self-extend', pooling: 'mean', selfExtend: [4, 40], factor: () => 60 },
  { name: 'interpolated rotations', pooling: 'mean', ropeScale: 0.25, factor: () => 60 },
];
const MATRIX: readonly Way[] = [
  { name: 'positions between rows', pooling: 'mean', position: (index) => index / 100 },
];

const models = new Map<string, Promise<NativeModel>>();
afterAll(async () => {
  for (const model of models.values()) await (await model).dispose();
});

function loadAnew(name: (typeof ARCHITECTURE_NAMES)[number], threads: number): Promise<NativeModel> {
  const options = {
    threads,
    backend: 'cpu',
    gpuLayers: 0,
    checkDevice: false,
    mmap: true,
    repack: threads > 1,
    precision: 'full',
  } as const;
  return addon().loadModel(modelPath(name), options, null).promise;
}

function load(name: (typeof ARCHITECTURE_NAMES)[number], threads: number): Promise<NativeModel> {
  const key = `${name} ${threads}`;
  const model = models.get(key) ?? loadAnew(name, threads);
  models.set(key, model);
  return model;
}

/** The bits of each text's vector, as text, in the order of `texts`. */
async function bits(model: NativeModel, texts: readonly Int32Array[], way: Way): Promise<string[]> {
  const lengths = Int32Array.from(texts, (text) => text.length);
  const perToken = (of: ((index: number) => number) | undefined): Float32Array | null =>
    of === undefined ? null : Float32Array.from(texts.flatMap((text) => Array.from(text, (_, i) => of(i))));
  const batch: NativeBatch = {
    tokens: Int32Array.from(texts.flatMap((text) => [...text])),
    lengths,
    positions: perToken(way.position),
    logitScale: perToken(way.factor),
    selfExtend: way.selfExtend ?? null,
    ropeBase: 0,
    ropeScale: way.ropeScale ?? 1,
    ropeFactors: null,
    ranges: null,
    pooling: way.pooling,
  };
  const rows = await model.embed(batch, null).promise;
  const { dimensions } = model.facts;
  return texts.map((_, i) =>
    Buffer.from(rows.slice(i * dimensions, (i + 1) * dimensions).buffer).toString('hex'),
  );
}

/** Compares each text's bits alone, on one thread, with those in batches. */
async function compareBatches(loaded: (threads: number) => Promise<NativeModel>, way: Way): Promise<void> {
  const first = await loaded(1);
  const longest = first.facts.positionRows > 0 ? first.facts.positionRows : Infinity;
  const texts = LENGTHS.filter((length) => length <= longest).map((length, i) =>
    drawTokenIds(i + 1, length, { low: 5, high: 200 }),
  );
  const alone = await Promise.all(texts.map(async (text) => (await bits(first, [text], way))[0]));

  for (const threads of THREADS) {
    const model = await loaded(threads);
    expect(await bits(model, texts, way), `all, ${threads} threads`).toEqual(alone);
    const backwards = [...texts].reverse();
    expect((await bits(model, backwards, way)).reverse(), `backwards, ${threads} threads`).toEqual(alone);
    for (const some of [texts.slice(0, 5), texts.slice(3, 12), texts.slice(-3)]) {
      const at = texts.indexOf(some[0]!);
      expect(await bits(model, some, way), `from text ${at}, ${threads} threads`).toEqual(
        alone.slice(at, at + some.length),
      );
    }
  }
}

describe.each(ARCHITECTURE_NAMES)('%s', (name) => {
  const rotary = POSITION_ARCHITECTURES.includes(name) && addon().isRotary(name);

  const matrix = POSITION_ARCHITECTURES.includes(name) && !rotary;

  it.for([...ORDINARY, ...(rotary ? ROTARY : []), ...(matrix ? MATRIX : [])])(
    'gives the same bits in any batch: $name',
    async (way, ctx) => {
      const first = await load(name, 1);
      if (first.facts.engine !== 'graph') ctx.skip('llama.cpp computes it');
      await compareBatches((threads) => load(name, threads), way);
    },
  );
});

/** The code for AMX, emulated: its tiles hold several tokens. */
describe.each(['bert', 'llama'] as const)('%s by amx-emulated', (name) => {
  const emulated = new Map<number, Promise<NativeModel>>();
  beforeAll(() => {
    process.env.LONGEMBED_KERNELS = 'amx-emulated';
  });
  afterAll(async () => {
    delete process.env.LONGEMBED_KERNELS;
    for (const model of emulated.values()) await (await model).dispose();
  });

  it.for([ORDINARY[0]!, ORDINARY[2]!])('gives the same bits in any batch: $name', async (way, ctx) => {
    if (addon().buildInfo().kernels !== 'amx-emulated') ctx.skip('this build has no emulated AMX');
    await compareBatches((threads) => {
      const model = emulated.get(threads) ?? loadAnew(name, threads);
      emulated.set(threads, model);
      return model;
    }, way);
  });
});
