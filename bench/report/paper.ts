/** The paper's figures for what was run here: none beside a quick look, whose scores are of other data. */
import { paperLengths, paperMain, paperScores } from '../reference/index.js';
import { PAPER_LENGTHS } from '../reference/lengths.js';
import type { ModelResult, RunResult } from '../results/results.js';
import type { TaskName } from '../tasks/index.js';
import { taskOfRun, type View } from './view.js';

export interface Paper {
  /** "Table 3"; null: only its authors' result files have figures. */
  readonly source: string | null;
  /** Main score of a task that the run has, from 0 to 1; null: unknown. */
  readonly main: (task: TaskName) => number | null;
  /** "Avg."; null unless ours is of the same tasks and lengths. */
  readonly average: number | null;
  /** Length → Acc@1 from 0 to 1; null: unknown. */
  readonly lengths: (task: TaskName) => ReadonlyMap<number, number> | null;
}

/** null when the paper has nothing on any of the run's tasks. */
export function paperOf({ results }: View, model: ModelResult, run: RunResult): Paper | null {
  if (results.limit !== null) return null;
  const main = (name: TaskName): number | null => {
    const task = taskOfRun(run, name);
    return task === null ? null : paperMain(model, run, task);
  };
  if (run.tasks.every(({ task }) => main(task) === null)) return null;
  const row = paperScores(model, run);
  return {
    source: row?.source ?? null,
    main,
    average: row !== null && run.average !== null && hasPaperLengths(run) ? row.average : null,
    lengths: (task) => paperLengths(model, run, task),
  };
}

/** Means over other lengths than the paper's cannot be held beside its average. */
function hasPaperLengths({ tasks }: RunResult): boolean {
  return tasks.every(({ splits }) => {
    const lengths = splits.flatMap(({ length }) => length ?? []);
    return lengths.length === 0 || lengths.toSorted((a, b) => a - b).join() === PAPER_LENGTHS.join();
  });
}
