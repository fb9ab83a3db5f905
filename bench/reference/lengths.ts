/**
 * Acc@1 of the synthetic tasks by length, from the result files that the paper's authors published with their code: the
 * points of Figure 1(b), and the same for Needle. The file for E5-Mistral with NTK comes from a different run than Table 3;
 * its means are up to 2 points higher.
 */
import type { Method } from '../../lib/index.js';
import { PAPER_MODELS, type PaperModel } from './models.js';
import type { PaperRun } from './runs.js';

const { bge, bgeM3, contriever, e5, e5Mistral, e5Rope, e5Tuned, gte, jina } = PAPER_MODELS;

/** Lengths of both tasks, in tokens. */
export const PAPER_LENGTHS: readonly number[] = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

export interface PaperLengthsRow extends PaperRun {
  /** Length in tokens → Acc@1, from 0 to 1. */
  readonly passkey: ReadonlyMap<number, number>;
  readonly needle: ReadonlyMap<number, number>;
}

/** In percent, one figure per length of PAPER_LENGTHS. */
export const PAPER_LENGTH_ROWS: readonly PaperLengthsRow[] = [
  row(e5, 'none', 512, [100, 96, 62, 22, 14, 4, 4, 2], [80, 76, 36, 20, 10, 4, 0, 2]),
  row(e5Tuned, 'none', 4096, [100, 96, 98, 88, 88, 38, 26, 4], [80, 76, 74, 52, 28, 12, 6, 4]),
  row(e5Rope, 'none', 512, [100, 100, 62, 22, 14, 4, 4, 2], [90, 82, 44, 20, 10, 4, 0, 2]),
  row(e5Rope, 'se', 4096, [100, 100, 100, 100, 100, 50, 30, 8], [90, 82, 76, 62, 68, 28, 16, 6]),
  row(e5Mistral, 'none', 4096, [96, 94, 90, 98, 100, 50, 32, 8], [94, 84, 66, 52, 48, 16, 20, 6]),
  row(e5Mistral, 'ntk', 32768, [86, 94, 94, 100, 100, 98, 90, 94], [94, 90, 94, 82, 72, 50, 32, 34]),
  row(gte, 'none', 512, [94, 62, 50, 18, 14, 4, 4, 2], [86, 54, 26, 16, 8, 4, 0, 2]),
  row(bge, 'none', 512, [76, 28, 18, 10, 6, 2, 2, 2], [88, 54, 28, 16, 10, 4, 0, 2]),
  row(contriever, 'none', 512, [100, 98, 64, 22, 14, 4, 4, 2], [84, 70, 40, 20, 12, 4, 0, 2]),
  row(jina, 'none', 8192, [100, 68, 56, 14, 54, 58, 34, 18], [86, 72, 70, 70, 54, 42, 24, 16]),
  row(bgeM3, 'none', 8192, [100, 100, 98, 80, 28, 34, 16, 14], [86, 70, 64, 28, 28, 16, 20, 10]),
];

function row(
  model: PaperModel,
  method: Method,
  target: number,
  passkey: readonly number[],
  needle: readonly number[],
): PaperLengthsRow {
  return { model, method, target, passkey: byLength(passkey), needle: byLength(needle) };
}

function byLength(percent: readonly number[]): ReadonlyMap<number, number> {
  return new Map(PAPER_LENGTHS.map((length, index) => [length, (percent[index] ?? 0) / 100]));
}
