/** The part of the benchmark that the command line uses; not public API. */
export { PAPER_LENGTHS } from './reference/lengths.js';
export { resultsTable } from './results/results-table.js';
export { terminalTable } from './results/terminal-table.js';
export { defaultCacheFolder } from './runner/cache/folder.js';
export { dryRun, type DryRun, type DryRunOfModel } from './runner/dry-run.js';
export type { Aggregate, Vectors } from './runner/scoring.js';
export type { BenchHooks, BenchOptions, BenchProgress } from './runner/types.js';
export { runBench } from './runner/run-bench.js';
export { TASKS } from './tasks/index.js';
