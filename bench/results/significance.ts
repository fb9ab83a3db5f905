/** Which differences between scores are more than chance: a paired test over queries, corrected for several tests. */
import { Random } from '../../lib/random.js';
import { sum } from '../numbers.js';
import {
  dataOf,
  mainScore,
  type Results,
  type RunResult,
  type SplitResult,
  type TaskResult,
} from './results.js';

/** A score of a run, and the per-query scores it is the mean of. */
export interface Measured {
  /** From 0 to 1. */
  readonly score: number;
  readonly samples: readonly Sample[];
}

/** A run's main scores of the queries of a split. */
interface Sample {
  /** "qmsum test": pairs the samples of two runs. */
  readonly name: string;
  /** Equal for equal data only. */
  readonly data: string;
  readonly perQuery: Readonly<Record<string, number>>;
  /** Weight of their mean in the score. */
  readonly weight: number;
}

export function measuredSplit(results: Results, task: TaskResult, split: SplitResult): Measured {
  const { sha256 } = dataOf(results, task.task).splits.find(({ name }) => name === split.name) ?? {};
  const sample = {
    name: `${task.task} ${split.name}`,
    data: JSON.stringify([sha256, split.documents, split.queries]),
    perQuery: split.perQuery,
    weight: 1,
  };
  return { score: mainScore(task, split), samples: [sample] };
}

export function measuredTask(results: Results, task: TaskResult): Measured {
  const splits = task.splits.map((split) => measuredSplit(results, task, split));
  return { score: task.main, samples: weighted(splits) };
}

/** null unless the run has an average, which needs the paper's six tasks. */
export function measuredAverage(results: Results, { average, tasks }: RunResult): Measured | null {
  if (average === null) return null;
  return { score: average, samples: weighted(tasks.map((task) => measuredTask(results, task))) };
}

/** The samples of equally weighted parts. */
function weighted(parts: readonly Measured[]): Sample[] {
  return parts.flatMap(({ samples }) =>
    samples.map((sample) => ({ ...sample, weight: sample.weight / parts.length })),
  );
}

/** A score's difference to the baseline's. */
interface Pair {
  /** Own score minus the baseline's, from -1 to 1. */
  readonly difference: number;
  /** p of the paired test over queries, not corrected for the number of tests. */
  readonly p: number;
  /** Number of queries for which both runs have a score. */
  readonly queries: number;
}

/** Compares two scores query by query; null when their data differ. */
export function comparePair(base: Measured, own: Measured): Pair | null {
  if (differingSamples(base, own).length > 0) return null;
  const pairs = own.samples.map((sample) => [sampleOf(base, sample.name), sample] as const);
  const differences = pairs.flatMap(([other, sample]) =>
    other === undefined ? [] : weightedDifferences(other, sample),
  );
  return {
    difference: own.score - base.score,
    p: signFlipTest(differences),
    queries: differences.length,
  };
}

/** Names of the samples that cannot be compared: their data differ, or only one run has them. */
export function differingSamples(base: Measured, own: Measured): string[] {
  const names = new Set([...base.samples, ...own.samples].map(({ name }) => name));
  return [...names].filter((name) => {
    const [a, b] = [sampleOf(base, name), sampleOf(own, name)];
    return a === undefined || b === undefined || a.data !== b.data || commonQueries(a, b).length === 0;
  });
}

/** Number of queries for which only one of two runs on the same data has a score. */
export function unpairedQueries(base: Measured, own: Measured): number {
  const unpaired = own.samples.map((sample) => {
    const other = sampleOf(base, sample.name);
    if (other === undefined) return 0;
    const [a, b] = [Object.keys(other.perQuery), Object.keys(sample.perQuery)];
    return a.length + b.length - 2 * commonQueries(other, sample).length;
  });
  return sum(unpaired);
}

function sampleOf({ samples }: Measured, name: string): Sample | undefined {
  return samples.find((sample) => sample.name === name);
}

function weightedDifferences(base: Sample, own: Sample): number[] {
  const common = commonQueries(base, own);
  const weight = own.weight / common.length;
  return common.map((id) => weight * ((own.perQuery[id] ?? 0) - (base.perQuery[id] ?? 0)));
}

function commonQueries(base: Sample, own: Sample): string[] {
  return Object.keys(own.perQuery).filter((id) => Object.hasOwn(base.perQuery, id));
}

/**
 * Holm's step-down correction for multiple tests: the probability that any corrected p is below α by chance is at most α.
 * @param values p-values in any order
 * @returns corrected p-values in the same order
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_value, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const corrected = new Array<number>(values.length);
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values[index] ?? 0) * (values.length - rank)));
    corrected[index] = largest;
  }
  return corrected;
}

/** Rounds of the test when not all sign patterns can be tried. */
export const ROUNDS = 10_000;

/** Up to this number of non-zero differences, all sign patterns are tried. */
export const MAX_EXACT = 12;

/** Sums that differ by less than this share of the largest possible sum are equal. */
const ROUNDING = 1e-9;

/**
 * Two-sided paired randomisation test: the probability of a sum of differences at least as far from 0 if the sign of each
 * difference were random, that is, if the two systems were equal. Exact for up to MAX_EXACT non-zero differences; otherwise
 * estimated as (1 + c) / (1 + rounds), where c rounds of random signs gave a sum as far from 0.
 * @param differences one per query, times its weight if queries have different weights
 * @returns p, above 0 and at most 1
 */
export function signFlipTest(
  differences: readonly number[],
  { rounds = ROUNDS, seed = 0 }: { rounds?: number; seed?: number } = {},
): number {
  const flipped = Float64Array.from(differences.filter((difference) => difference !== 0));
  const largest = flipped.reduce((total, difference) => total + Math.abs(difference), 0);
  const found = Math.abs(flipped.reduce((total, difference) => total + difference, 0));
  const threshold = found - ROUNDING * largest;
  return flipped.length <= MAX_EXACT ? exact(flipped, threshold) : estimate(flipped, threshold, rounds, seed);
}

function exact(differences: Float64Array, threshold: number): number {
  const flips = 2 ** differences.length;
  let far = 0;
  for (let signs = 0; signs < flips; signs++) {
    let total = 0;
    for (const [index, difference] of differences.entries()) {
      total += ((signs >>> index) & 1) === 1 ? -difference : difference;
    }
    if (Math.abs(total) >= threshold) far++;
  }
  return far / flips;
}

function estimate(differences: Float64Array, threshold: number, rounds: number, seed: number): number {
  const random = Random.seeded(seed);
  let far = 0;
  for (let round = 0; round < rounds; round++) {
    let total = 0;
    let bits = 0;
    // A plain loop without branches: it runs some hundred million times.
    for (let index = 0; index < differences.length; index++) {
      if (index % 32 === 0) bits = random.uint32();
      total += (differences[index] as number) * (1 - 2 * (bits & 1));
      bits >>>= 1;
    }
    if (Math.abs(total) >= threshold) far++;
  }
  return (1 + far) / (1 + rounds);
}
