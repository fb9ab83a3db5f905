/**
 * The scores of the paper, LongEmbed (arXiv 2404.12096): its Table 2 (unextended models) and Table 3 (strategies), for the
 * models that have a preset or run on a server. Rows that appear in both tables are listed once.
 */
import type { Method } from '../../lib/index.js';
import type { TaskName } from '../tasks/index.js';
import { PAPER_MODELS, type PaperModel } from './models.js';
import type { PaperRun } from './runs.js';

const { ada, bge, bgeM3, contriever, e5, e5Mistral, e5Rope, e5Tuned, gte, jina } = PAPER_MODELS;

/** The tasks of the paper in the order of its tables. Their mean is "Avg.". */
export const PAPER_TASKS = [
  'passkey',
  'needle',
  'narrativeqa',
  'qmsum',
  'summ_screen_fd',
  '2wikimqa',
] as const satisfies readonly TaskName[];

/** One score per task of PAPER_TASKS, in percent, as printed. */
export type PrintedScores = readonly [number, number, number, number, number, number];

export interface PaperRow extends PaperRun {
  readonly table: 2 | 3;
  readonly scores: PrintedScores;
  /** "Avg." as printed, in percent: taken before the scores were rounded. */
  readonly average: number;
}

export const PAPER_ROWS: readonly PaperRow[] = [
  asItIs(e5, [38.0, 28.5, 25.3, 23.8, 74.7, 55.8], 41.0),
  asItIs(e5Tuned, [67.3, 41.5, 30.4, 35.7, 95.2, 69.2], 56.6),
  asItIs(gte, [31.0, 24.5, 28.6, 21.8, 55.8, 47.3], 34.8),
  asItIs(bge, [18.0, 25.3, 25.6, 22.4, 60.3, 51.7], 33.9),
  asItIs(contriever, [38.5, 29.0, 26.7, 25.5, 73.5, 47.3], 40.1),
  asItIs(jina, [50.3, 54.5, 37.9, 38.9, 93.5, 74.0], 58.2),
  asItIs(ada, [50.8, 36.8, 41.1, 40.0, 91.8, 80.1], 56.8),
  asItIs(bgeM3, [59.3, 40.5, 45.8, 35.5, 94.0, 78.0], 58.9),

  extended(e5Rope, 'none', 512, [38.5, 31.5, 24.6, 23.2, 66.6, 58.8], 40.5),
  extended(e5Rope, 'pcw', 4096, [42.5, 50.8, 25.1, 34.9, 94.9, 69.3], 52.9),
  extended(e5Rope, 'gp', 4096, [68.0, 38.8, 25.9, 30.9, 85.8, 65.8], 52.5),
  extended(e5Rope, 'pi', 4096, [68.3, 36.0, 25.9, 30.8, 84.9, 65.3], 51.9),
  extended(e5Rope, 'se', 4096, [73.5, 53.5, 32.3, 39.1, 91.9, 74.6], 60.8),
  extended(e5Rope, 'ntk', 4096, [66.3, 46.5, 25.5, 35.8, 90.8, 71.7], 56.1),

  extended(e5Mistral, 'none', 4096, [71.0, 48.3, 44.6, 43.6, 96.8, 82.0], 64.4),
  extended(e5Mistral, 'pcw', 32768, [63.5, 49.5, 59.3, 51.3, 97.3, 91.2], 68.7),
  extended(e5Mistral, 'gp', 32768, [81.0, 48.8, 37.0, 42.9, 90.6, 88.1], 64.7),
  extended(e5Mistral, 'pi', 32768, [89.8, 48.5, 37.8, 40.4, 76.8, 63.0], 59.4),
  extended(e5Mistral, 'se', 32768, [90.8, 52.0, 49.3, 48.7, 97.2, 96.4], 72.4),
  extended(e5Mistral, 'ntk', 32768, [93.8, 66.8, 49.8, 49.2, 97.1, 95.2], 75.3),
];

function asItIs(model: PaperModel, scores: PrintedScores, average: number): PaperRow {
  return { table: 2, model, method: 'none', target: model.nativeContext, scores, average };
}

function extended(
  model: PaperModel,
  method: Method,
  target: number,
  scores: PrintedScores,
  average: number,
): PaperRow {
  return { table: 3, model, method, target, scores, average };
}
