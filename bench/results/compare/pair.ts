import type { Measured, Sample } from './measured.js';
import { signFlipTest } from './sign-flip.js';

/** How a score differs from the baseline's. */
export interface Pair {
  /** Ours minus the baseline's: from -1 to 1. */
  readonly difference: number;
  /** Of the paired test over queries; not corrected for the number of tests. */
  readonly p: number;
  /** Queries of the test: those that both runs have a score of. */
  readonly queries: number;
}

/** Compares two scores query by query; null when they are not of the same data. */
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

/** What of two runs cannot be compared, by the samples' names: of other data, or in one run only. */
export function differingSamples(base: Measured, own: Measured): string[] {
  const names = new Set([...base.samples, ...own.samples].map(({ name }) => name));
  return [...names].filter((name) => {
    const [a, b] = [sampleOf(base, name), sampleOf(own, name)];
    return a === undefined || b === undefined || a.data !== b.data || commonQueries(a, b).length === 0;
  });
}

/** How many queries only one of two runs on the same data has a score of. */
export function unpairedQueries(base: Measured, own: Measured): number {
  const unpaired = own.samples.map((sample) => {
    const other = sampleOf(base, sample.name);
    if (other === undefined) return 0;
    const [a, b] = [Object.keys(other.perQuery), Object.keys(sample.perQuery)];
    return a.length + b.length - 2 * commonQueries(other, sample).length;
  });
  return unpaired.reduce((sum, queries) => sum + queries, 0);
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
