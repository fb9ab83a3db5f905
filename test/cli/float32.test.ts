import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatFloat32 } from '../../cli/output/jsonl.js';

it.each([
  [0, '0'],
  [-0, '-0'],
  [0.1, '0.1'],
  [1 / 3, '0.33333334'],
  [-0.012345679, '-0.012345679'],
  [16777216, '16777216'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [1.401298464324817e-45, '1.4013e-45'],
])('writes %d shortly', (value, text) => {
  expect(formatFloat32(Math.fround(value))).toBe(text);
});

it('writes every float32 so that it reads back equal', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(JSON.parse(formatFloat32(value)) as number)).toBe(value);
    }),
    { numRuns: 5000 },
  );
});

it.each([NaN, Infinity])('refuses %d, which JSON cannot hold', (value) => {
  expect(() => formatFloat32(value)).toThrow(RangeError);
});
