/** Random models: the same bytes on every machine, and valid GGUF. */
import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { toHalf } from '../../models/random/tensor-types.js';
import { makeModel, specKey } from '../../models/random/index.js';
import { integer, words } from '../../models/random/random.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('makeModel', () => {
  it('gives the same bytes for the same spec, others for another seed', () => {
    const spec = { arch: 'jina-bert-v3', layers: 1 } as const;
    expect(sha256(makeModel(spec))).toBe(sha256(makeModel({ ...spec, seed: 1 })));
    expect(sha256(makeModel(spec))).not.toBe(sha256(makeModel({ ...spec, seed: 2 })));
  });

  it('leaves the other tensors as they were when queries, keys and values are fused', () => {
    const apart = makeModel({ arch: 'bert', layers: 1 });
    const fused = makeModel({ arch: 'bert', layers: 1, fusedQkv: true });
    const weights = (file: Uint8Array): Buffer => Buffer.from(file).subarray(-4 * 64);
    expect(weights(fused)).toEqual(weights(apart));
    expect(fused.length).toBeLessThan(apart.length);
  });

  it('pads every tensor to 32 bytes', () => {
    expect(makeModel({ arch: 'llama', layers: 1 }).length % 32).toBe(0);
  });

  it('refuses impossible sizes', () => {
    expect(() => makeModel({ arch: 'bert', dimensions: 30, heads: 4 })).toThrow(RangeError);
    expect(() => makeModel({ arch: 'bert', heads: 4, headsKv: 2 })).toThrow(RangeError);
    expect(() => makeModel({ arch: 'llama', layers: 0 })).toThrow(RangeError);
  });
});

describe('specKey', () => {
  it('is the same for a default that is left out and one that is given', () => {
    expect(specKey({ arch: 'bert' })).toBe(specKey({ arch: 'bert', seed: 1, layers: 4 }));
    expect(specKey({ arch: 'bert' })).not.toBe(specKey({ arch: 'bert', layers: 5 }));
  });
});

describe('the generator', () => {
  it('draws the words that test/oracle/prng.py draws', () => {
    const next = words(7, 'tokens');
    expect([next(), next(), next()]).toEqual([3504400237, 3957166627, 2717518537]);
  });

  it('stays in range', () => {
    const next = words(1, 'range');
    const drawn = Array.from({ length: 1000 }, () => integer(next, 5, 9));
    expect(new Set(drawn)).toEqual(new Set([5, 6, 7, 8]));
  });
});

describe('toHalf', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [1e9, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [NaN, 0x7e00],
  ])('%d', (value, bits) => {
    expect(toHalf(value)).toBe(bits);
  });
});
