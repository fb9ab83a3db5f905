/** The charts' colours stay apart for people who see fewer colours, on both grounds. */
import { describe, expect, it } from 'vitest';
import { contrast, heatColours } from '../../../bench/report/heat.js';
import { STYLE } from '../../../bench/report/style.js';

type Rgb = readonly [number, number, number];

/** Linear RGB as people without one kind of cone see it: Machado, Oliveira and Fernandes 2009, severity 1. */
const SIGHTS: Readonly<Record<string, readonly Rgb[]>> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const linear = (value: number): number =>
  value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;

/** CIE L*a*b* (D65) of a colour as somebody sees it. */
function lab(colour: Rgb, sight: readonly Rgb[]): Rgb {
  const light = colour.map(linear);
  const [r, g, b] = sight.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, part, i) => sum + part * light[i]!, 0),
      ),
    ),
  ) as [number, number, number];
  const f = (t: number): number => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: Rgb, b: Rgb): number => Math.hypot(...a.map((value, i) => value - b[i]!));

/** A custom property of the n-th :root rule. */
function colour(name: string, theme: number): Rgb {
  const [, hex = ''] = [...STYLE.matchAll(new RegExp(`--${name}: #([0-9a-f]{6});`, 'g'))][theme] ?? [];
  return [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)) as unknown as Rgb;
}

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('in the %s theme', (name, theme) => {
  it.each(Object.entries(SIGHTS))('bars of different meaning differ with %s', (_sight, matrix) => {
    for (const [one, other] of [
      ['first', 'second'],
      ['first', 'loss'],
    ] as const) {
      const apart = distance(lab(colour(one, theme), matrix), lab(colour(other, theme), matrix));
      // 2.3 is just noticeable
      expect(apart, `${one}, ${other}`).toBeGreaterThan(25);
    }
  });

  it('bars stand out from the ground', () => {
    for (const bar of ['first', 'second', 'loss']) {
      expect(contrast(colour(bar, theme), colour('ground', theme)), bar).toBeGreaterThan(3);
    }
  });

  it('the heat map goes from one lightness to another in steps of one direction, whatever the sight', () => {
    for (const matrix of Object.values(SIGHTS)) {
      const lightness = heatColours(name).map(({ ground }) => lab(ground, matrix)[0]);
      const steps = lightness.slice(1).map((value, i) => value - lightness[i]!);
      expect(steps.every((step) => step < 0) || steps.every((step) => step > 0)).toBe(true);
    }
  });
});
