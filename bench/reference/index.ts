/**
 * The paper's figures beside ours: LongEmbed: Extending Embedding Models for Long Context Retrieval, arXiv 2404.12096.
 * Scores are from 0 to 1, as in results.json.
 */
import type { Method } from '../../lib/index.js';
import type { TaskName } from '../tasks/index.js';
import type { ModelResult, RunResult, TaskResult } from '../results/results.js';
import { PAPER_LENGTHS, PAPER_LENGTH_ROWS } from './lengths.js';
import { isPaperRun } from './runs.js';
import { PAPER_ROWS, PAPER_TASKS } from './scores.js';

export { PAPER_TASKS };

/** A row of the paper's tables. */
export interface PaperScore {
  /** The paper's name of the model: "E5-RoPE-Base". */
  readonly model: string;
  /** The table that has the scores: "Table 3". */
  readonly source: string;
  /** From 0 to 1. */
  readonly scores: Readonly<Partial<Record<TaskName, number>>>;
  /** "Avg.", from 0 to 1. */
  readonly average: number;
}

/** What a strategy gains over the same model without one. */
export interface PaperGain {
  /** The paper's name of the model: "E5-RoPE-Base". */
  readonly model: string;
  /** Its preset in longembed. */
  readonly preset: string;
  readonly method: Method;
  /** Lt in tokens. */
  readonly target: number;
  /** The gain in "Avg.", from 0 to 1. */
  readonly gain: number;
}

/**
 * The paper's scores of the same model with the same strategy, settings and target (Tables 2 and 3); null if the paper has none.
 * `none` at the native context is the paper's unextended model.
 */
export function paperScores(model: ModelResult, run: RunResult): PaperScore | null {
  const row = PAPER_ROWS.find((paper) => isPaperRun(paper, model, run));
  if (row === undefined) return null;
  return {
    model: row.model.name,
    source: `Table ${row.table}`,
    scores: Object.fromEntries(PAPER_TASKS.map((task, index) => [task, fraction(row.scores[index] ?? 0)])),
    average: fraction(row.average),
  };
}

/**
 * Acc@1 by length in tokens for the same model, strategy, settings and target, from the result files of the paper's authors
 * (Figure 1(b) shows those of Passkey). null for a real task and when there is no such file.
 */
export function paperLengths(
  model: ModelResult,
  run: RunResult,
  task: TaskName,
): ReadonlyMap<number, number> | null {
  if (task !== 'passkey' && task !== 'needle') return null;
  return PAPER_LENGTH_ROWS.find((paper) => isPaperRun(paper, model, run))?.[task] ?? null;
}

/**
 * The paper's main score of a task, from 0 to 1, for the same model, strategy, settings and target; null if the paper has
 * none. For a synthetic task it is the mean over our lengths, null if the paper lacks one of them.
 */
export function paperMain(model: ModelResult, run: RunResult, { task, splits }: TaskResult): number | null {
  const lengths = splits.flatMap(({ length }) => (length === null ? [] : [length]));
  const isWhole =
    lengths.length === PAPER_LENGTHS.length && PAPER_LENGTHS.every((at) => lengths.includes(at));
  if (lengths.length === 0 || isWhole) return paperScores(model, run)?.scores[task] ?? null;
  const byLength = paperLengths(model, run, task);
  const scores = lengths.flatMap((length) => byLength?.get(length) ?? []);
  if (scores.length < lengths.length) return null;
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** What each strategy of Table 3 gains in "Avg." over the same model without one; Figure 1(c) shows the best of them. */
export function paperGains(): PaperGain[] {
  return PAPER_ROWS.flatMap(({ model, method, target, average, table }) => {
    const base = PAPER_ROWS.find((row) => row.model === model && row.method === 'none');
    if (table !== 3 || method === 'none' || base === undefined) return [];
    return [
      { model: model.name, preset: model.preset, method, target, gain: fraction(average - base.average) },
    ];
  });
}

/** The fraction for a percentage printed with one decimal. */
function fraction(percent: number): number {
  return Math.round(percent * 10) / 1000;
}
