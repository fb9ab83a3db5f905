/** The native products that the search is made of. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { addon, dotProducts } from '../../../lib/native/index.js';
import { rejection } from './refusal.js';

/** A generator with a seed: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

function filled(length: number, draw: () => number): Float32Array {
  return Float32Array.from({ length }, draw);
}

/** The largest error of all products, each relative to the sum of the magnitudes of what was added up. */
function worstError(
  left: Float32Array,
  right: Float32Array,
  dimensions: number,
  products: Float32Array,
): number {
  let worst = 0;
  const across = right.length / dimensions;
  for (const [index, product] of products.entries()) {
    const row = Math.floor(index / across) * dimensions;
    const column = (index % across) * dimensions;
    let sum = 0;
    let magnitudes = 0;
    for (let i = 0; i < dimensions; i++) {
      const one = left[row + i]! * right[column + i]!;
      sum += one;
      magnitudes += Math.abs(one);
    }
    worst = Math.max(worst, Math.abs(product - sum) / magnitudes);
  }
  return worst;
}

describe.each(['avx512', 'avx2', 'portable', 'ggml'])('by the %s kernel', (kernel) => {
  afterEach(() => {
    delete process.env.LONGEMBED_KERNELS;
  });

  // around the sizes of vectors, chunks and tiles
  it.each([
    [1, 1, 1],
    [2, 3, 5],
    [3, 4, 8],
    [25, 26, 63],
    [24, 48, 128],
    [49, 5, 129],
    [7, 30, 1000],
    [30, 7, 4096],
  ])('is right to 1e-6: %i rows by %i of %i numbers', async (rows, columns, dimensions) => {
    process.env.LONGEMBED_KERNELS = kernel;
    const random = randomNumbers(rows);
    const left = filled(rows * dimensions, () => random() - 0.5);
    const right = filled(columns * dimensions, () => random() - 0.5);
    const products = await dotProducts(left, right, dimensions).promise;
    expect(products).toBeInstanceOf(Float32Array);
    expect(products).toHaveLength(rows * columns);
    expect(worstError(left, right, dimensions, products)).toBeLessThan(1e-6);
  });

  it('is accurate to 1e-6 when every addition is rounded in the same direction', async () => {
    process.env.LONGEMBED_KERNELS = kernel;
    for (const value of [1 / 3, 0.1, 0.7, 1 / 64]) {
      const row = filled(4096, () => value);
      expect(worstError(row, row, 4096, await dotProducts(row, row, 4096).promise)).toBeLessThan(1e-6);
    }
  });
});

describe('a pair of rows', () => {
  const dimensions = 333;
  const random = randomNumbers(1);
  const left = filled(53 * dimensions, () => random() - 0.5);
  const right = filled(70 * dimensions, () => random() - 0.5);

  it('gives the same bits with any number of threads', async () => {
    const one = await dotProducts(left, right, dimensions, 1).promise;
    for (const threads of [0, 2, 3, 7, 100]) {
      expect(await dotProducts(left, right, dimensions, threads).promise).toEqual(one);
    }
  });

  it('gives the same bits at any index and on either side', async () => {
    const all = await dotProducts(left, right, dimensions).promise;
    const swapped = await dotProducts(right, left, dimensions).promise;
    for (const [row, column] of [
      [0, 0],
      [52, 69],
      [23, 24],
      [24, 23],
      [40, 1],
    ] as const) {
      const alone = await dotProducts(
        left.slice(row * dimensions, (row + 1) * dimensions),
        right.slice(column * dimensions, (column + 1) * dimensions),
        dimensions,
      ).promise;
      expect(alone[0]).toBe(all[row * 70 + column]);
      expect(swapped[column * 53 + row]).toBe(all[row * 70 + column]);
    }
  });
});

it('gives no results for no rows', async () => {
  const none = new Float32Array(0);
  const some = new Float32Array(6);
  expect(await dotProducts(none, some, 3).promise).toEqual(none);
  expect(await dotProducts(some, none, 3).promise).toEqual(none);
  expect(await dotProducts(none, none, 3).promise).toEqual(none);
});

it('reads a part of a buffer', async () => {
  const numbers = Float32Array.of(9, 1, 2, 3, 9);
  const part = numbers.subarray(1, 4);
  expect(await dotProducts(part, part, 3).promise).toEqual(Float32Array.of(14));
});

it('propagates NaN and infinity', async () => {
  const products = await dotProducts(Float32Array.of(1, NaN, 3, Infinity), Float32Array.of(1, 1), 2).promise;
  expect(products).toEqual(Float32Array.of(NaN, Infinity));
});

describe('wrong arguments are errors', () => {
  const good = new Float32Array(12);
  const call = (...given: unknown[]): unknown =>
    (addon() as unknown as { dotProducts(...given: unknown[]): unknown }).dotProducts(...given);

  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['null', [null, good, 3, 0]],
    ['an array', [[1, 2, 3], good, 3, 0]],
    ['doubles', [good, new Float64Array(12), 3, 0]],
    ['whole numbers', [new Int32Array(12), good, 3, 0]],
    ['a buffer', [good.buffer, good, 3, 0]],
    ['no dimensions', [good, good]],
    ['text for dimensions', [good, good, '3', 0]],
    ['a big integer for dimensions', [good, good, 3n, 0]],
    ['no threads', [good, good, 3]],
    ['text for threads', [good, good, 3, 'all']],
  ])('of type: %s', (_, given) => {
    expect(() => call(...given)).toThrow(TypeError);
  });

  it.each<[string, Float32Array, Float32Array, number, number, RegExp]>([
    ['0 dimensions', good, good, 0, 0, /dimensions is not a whole number from 1/],
    ['negative dimensions', good, good, -3, 0, /dimensions is not/],
    ['a part of a dimension', good, good, 2.5, 0, /dimensions is not/],
    ['NaN dimensions', good, good, NaN, 0, /dimensions is not/],
    ['infinite dimensions', good, good, Infinity, 0, /dimensions is not/],
    ['more dimensions than can be', good, good, 2 ** 53, 0, /dimensions is not/],
    ['a left side of no whole rows', new Float32Array(13), good, 3, 0, /left has 13 entries.* 3 dimensions/],
    [
      'a right side of no whole rows',
      good,
      new Float32Array(5),
      12,
      0,
      /right has 5 entries.* 12 dimensions/,
    ],
    ['negative threads', good, good, 3, -1, /threads is not a whole number from 0 to 1024/],
    ['a million threads', good, good, 3, 1e6, /threads is not/],
    ['NaN threads', good, good, 3, NaN, /threads is not/],
  ])('of value: %s', async (_, left, right, dimensions, threads, message) => {
    expect(await rejection(dotProducts(left, right, dimensions, threads).promise)).toEqual({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('of size: too many results for memory', async () => {
    const rows = new Float32Array(2 ** 15);
    expect(await rejection(dotProducts(rows, rows, 1).promise)).toEqual({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/32768 times 32768 rows are more than 268435456 products/) as string,
    });
  });

  it('a detached array has no rows', async () => {
    const gone = new Float32Array(12);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(await dotProducts(gone, good, 3).promise).toHaveLength(0);
  });
});

describe('a running job', () => {
  const dimensions = 4096;
  // some 4 s of one thread's work
  const rows = new Float32Array(4000 * dimensions);
  const long = (): ReturnType<typeof dotProducts> => dotProducts(rows, rows, dimensions, 1);

  it('stops when it is cancelled', async () => {
    const job = long();
    setTimeout(() => job.cancel(), 20);
    const start = performance.now();
    expect((await rejection(job.promise)).code).toBe('ERR_ABORTED');
    expect(performance.now() - start).toBeLessThan(3000);
    job.cancel();
  });

  it('leaves the main thread free', async () => {
    const job = long();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 5) job.cancel();
    }, 5);
    await rejection(job.promise);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it('may be running when its thread ends', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require('node-gyp-build')(workerData.root);
      const rows = new Float32Array(700 * 4096);
      addon.dotProducts(rows, rows, 4096, 1).promise.catch(() => undefined);
      parentPort.postMessage('started');
    `;
    const root = new URL('../../..', import.meta.url).pathname;
    const worker = new Worker(code, { eval: true, workerData: { root } });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    const alive = await dotProducts(Float32Array.of(2), Float32Array.of(3), 1).promise;
    expect(alive).toEqual(Float32Array.of(6));
  });
});
