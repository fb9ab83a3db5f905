/** Runs of the benchmark side by side, with tests of their differences. */
export { type Comparison, type CompareOptions, compareResults } from './compare.js';
export { comparisonTable } from './table.js';
export type { Labelled } from './runs.js';
