import { randomBits } from './random.js';

/** Rounds of the test where not every flip can be tried. */
export const ROUNDS = 10_000;

/** Up to so many differences that are not 0, every flip is tried. */
export const EXACT_UP_TO = 12;

/** Sums that differ by less than this share of the largest possible are equal but for rounding. */
const ROUNDING = 1e-9;

/**
 * Paired randomisation test, two-sided: how probable a sum of differences as far from 0 as this one would be, if each of them
 * had come out with either sign alike, that is, if the two systems were one. Exact for up to EXACT_UP_TO differences that
 * are not 0; else estimated as (1 + c) / (1 + rounds), c of the rounds of random flips being as far from 0.
 * @param differences one a query; where queries count unequally, times their weights
 * @returns p, above 0 and at most 1
 */
export function signFlipTest(
  differences: readonly number[],
  { rounds = ROUNDS, seed = 0 }: { rounds?: number; seed?: number } = {},
): number {
  const flipped = Float64Array.from(differences.filter((difference) => difference !== 0));
  const largest = flipped.reduce((sum, difference) => sum + Math.abs(difference), 0);
  const found = Math.abs(flipped.reduce((sum, difference) => sum + difference, 0));
  const least = found - ROUNDING * largest;
  return flipped.length <= EXACT_UP_TO ? exact(flipped, least) : estimate(flipped, least, rounds, seed);
}

function exact(differences: Float64Array, least: number): number {
  const flips = 2 ** differences.length;
  let far = 0;
  for (let signs = 0; signs < flips; signs++) {
    let sum = 0;
    for (const [index, difference] of differences.entries()) {
      sum += ((signs >>> index) & 1) === 1 ? -difference : difference;
    }
    if (Math.abs(sum) >= least) far++;
  }
  return far / flips;
}

function estimate(differences: Float64Array, least: number, rounds: number, seed: number): number {
  const next = randomBits(seed);
  let far = 0;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    let bits = 0;
    // A plain loop without branches: it runs some hundred million times.
    for (let index = 0; index < differences.length; index++) {
      if (index % 32 === 0) bits = next();
      sum += (differences[index] as number) * (1 - 2 * (bits & 1));
      bits >>>= 1;
    }
    if (Math.abs(sum) >= least) far++;
  }
  return (1 + far) / (1 + rounds);
}
