/** Which layers go on which GPU, planned over devices that are not there. */
import { describe, expect, it } from 'vitest';

import { addon } from '../../lib/native/index.js';

/** Ten layers of 100 bytes, 50 for what follows the last; 30 for activations, 20 for graphs, 5 to stay free. */
const WEIGHTS = { layers: Array<number>(10).fill(100), output: 50 };
const NEED = { activations: 30, graphs: 20, margin: 5 };
const FIXED = WEIGHTS.output + NEED.activations + NEED.graphs + NEED.margin;

function plan(...free: number[]): string {
  const gpus = free.map((bytes, i) => ({ name: `GPU${i}`, free: bytes }));
  return addon()
    .planPlacement(WEIGHTS, gpus, NEED)
    .map(({ device, layers }) => `${device}: ${layers}`)
    .join(', ');
}

describe('planPlacement', () => {
  it('puts nothing anywhere without a GPU', () => {
    expect(plan()).toBe('');
  });

  it('puts all layers on one GPU that holds exactly all', () => {
    expect(plan(1000 + FIXED)).toBe('GPU0: 10');
  });

  it('leaves the first layers out, one for each that does not fit', () => {
    expect(plan(1000 + FIXED - 1)).toBe('GPU0: 9');
    expect(plan(700 + FIXED)).toBe('GPU0: 7');
    expect(plan(100 + FIXED)).toBe('GPU0: 1');
  });

  it('puts nothing on a GPU too small for one layer and what goes with it', () => {
    expect(plan(100 + FIXED - 1)).toBe('');
    expect(plan(FIXED - 1)).toBe('');
    expect(plan(0)).toBe('');
  });

  it('takes one GPU where all fits there, the one with the most room', () => {
    expect(plan(5000, 9000, 7000)).toBe('GPU1: 10');
  });

  it('spreads over GPUs: the last layers where most room is, the others before them', () => {
    // GPU1 takes 6 with all that is fixed; GPU0 needs room for graphs and margin only
    expect(plan(425, 600 + FIXED)).toBe('GPU0: 4, GPU1: 6');
    expect(plan(424, 600 + FIXED)).toBe('GPU0: 3, GPU1: 6');
    expect(plan(225, 225, 600 + FIXED)).toBe('GPU1: 2, GPU0: 2, GPU2: 6');
  });

  it('passes over GPUs too small to help', () => {
    expect(plan(600 + FIXED, 24, 124)).toBe('GPU0: 6');
  });

  it('counts layers of different sizes from the last', () => {
    const weights = { layers: [10, 10, 500, 100, 100], output: 0 };
    const need = { activations: 0, graphs: 0, margin: 0 };
    const free = (bytes: number) => [{ name: 'GPU', free: bytes }];
    expect(addon().planPlacement(weights, free(699), need)).toEqual([{ device: 'GPU', layers: 2 }]);
    expect(addon().planPlacement(weights, free(700), need)).toEqual([{ device: 'GPU', layers: 3 }]);
    expect(addon().planPlacement(weights, free(720), need)).toEqual([{ device: 'GPU', layers: 5 }]);
  });
});
