import type { Round } from './engine-process.js';
import type { Measured, Outcome } from './measure.js';
import { WORKLOADS } from './workloads.js';

/** The figures as a table in Markdown. @param peak the machine's peak arithmetic rate in GFLOPS */
export function table(rows: readonly Measured[], peak: number): string {
  const head = [
    ...['tokens', 'model', 'strategy', 'engine', 'tokens/s (min – max)', 'longembed is'],
    ...['processor s', 'longembed takes', 'peak memory', 'of the peak', '1 − cosine', 'setting'],
  ];
  const lines = rows.flatMap((row) => row.outcomes.map((outcome) => columns(row, outcome, peak)));
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function columns(row: Measured, outcome: Outcome, peak: number): string[] {
  const name = [WORKLOADS[row.workload].title, `${row.shape} ${row.type}`, row.strategy, outcome.engine];
  if ('failure' in outcome) return [...name, outcome.failure, '', '', '', '', '', '', ''];
  const { rounds, peakMemory, difference, setting } = outcome;
  const seconds = rounds.map((round) => round.seconds);
  const [middle, processor] = [median(seconds), processorOf(outcome)];
  const speed = (each: number): string => Math.round(row.tokens / each).toLocaleString('en-US');
  const ours = row.outcomes.find(({ engine }) => engine === 'longembed');
  const beside = outcome === ours || ours === undefined || 'failure' in ours ? null : ours;
  return [
    ...name,
    `${speed(middle)} (${speed(Math.max(...seconds))} – ${speed(Math.min(...seconds))})`,
    beside === null
      ? ''
      : `${(middle / median(beside.rounds.map((round) => round.seconds))).toFixed(2)} × as fast`,
    processor.toFixed(2),
    beside === null ? '' : `1 / ${(processor / processorOf(beside)).toFixed(2)} of it`,
    peakMemory === null ? '' : `${Math.round(peakMemory / 1e6)} MB`,
    `${((100 * row.operations) / middle / 1e9 / peak).toFixed(0)} %`,
    difference === null ? '' : difference.toExponential(0),
    setting,
  ];
}

function processorOf({ rounds }: Measured['outcomes'][number] & { rounds: readonly Round[] }): number {
  return median(rounds.map(({ processor }) => processor));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
