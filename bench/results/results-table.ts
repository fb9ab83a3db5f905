/** The results for a terminal, next to the paper's. */
import { paperLengths, paperMain, paperScores } from '../reference/index.js';
import { type BenchTask, TASKS } from '../tasks/index.js';
import { mainScore, runName } from './results.js';
import { percent, shortLength } from './percent.js';
import type { ModelResult, Results, RunResult, TaskResult } from './results.js';
import { type Row, terminalTable } from './terminal-table.js';
import { printable } from '../../lib/format.js';

/**
 * The main scores of every run in percent, and Acc@1 of the synthetic tasks by length. The paper's figures for the same model
 * and strategy are below ours, unless --limit has made the tasks easier. Strategies that were not run are listed at the end.
 * @param options.colors whether escape sequences may be used: the output is a terminal. Default false
 */
export function resultsTable(results: Results, { colors = false }: { colors?: boolean } = {}): string {
  const tasks = TASKS.filter(({ name }) => results.runs.some((run) => taskOf(run, name) !== undefined));
  const tables = [
    { title: `Scores in %: ${metricsOf(tasks)}`, ...scoresOf(tasks) },
    ...tasks
      .filter(({ kind }) => kind === 'synthetic')
      .map((task) => ({
        title: `${task.title}: Acc@1 in % by length in tokens`,
        ...lengthsOf(task, results),
      })),
  ];
  const parts = tables.map(
    ({ title, head, ...figures }) => `${title}\n\n${terminalTable(head, rowsOf(results, figures), colors)}`,
  );
  const notes = notesOn(results, tasks);
  return [...parts, ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}

/** The cells of a run in a table, one per column; null: the paper has no such run. */
interface Figures {
  readonly own: (run: RunResult) => (number | null)[];
  readonly paper: (model: ModelResult, run: RunResult) => (number | null)[] | null;
}

function scoresOf(tasks: readonly BenchTask[]): Figures & { head: string[] } {
  return {
    head: [...tasks.map(({ title }) => title), 'Avg.'],
    own: (run) => [...tasks.map(({ name }) => taskOf(run, name)?.main ?? null), run.average],
    paper: (model, run) => {
      const row = paperScores(model, run);
      const scores = tasks.map(({ name }) => {
        const task = taskOf(run, name);
        return task === undefined ? null : paperMain(model, run, task);
      });
      // The paper's mean covers all of its lengths.
      const isWhole =
        run.average !== null && tasks.every(({ name }, index) => scores[index] === row?.scores[name]);
      const average = isWhole ? (row?.average ?? null) : null;
      return scores.every((score) => score === null) ? null : [...scores, average];
    },
  };
}

function lengthsOf({ name }: BenchTask, { runs }: Results): Figures & { head: string[] } {
  const splits = runs.flatMap((run) => taskOf(run, name)?.splits ?? []);
  const lengths = [...new Set(splits.flatMap(({ length }) => length ?? []))].sort((a, b) => a - b);
  return {
    head: lengths.map(shortLength),
    own: (run) => {
      const task = taskOf(run, name);
      return lengths.map((length) => {
        const split = task?.splits.find((result) => result.length === length);
        return task === undefined || split === undefined ? null : mainScore(task, split);
      });
    },
    paper: (model, run) => {
      const paper = paperLengths(model, run, name);
      return paper === null ? null : lengths.map((length) => paper.get(length) ?? null);
    },
  };
}

/** One heading per model, its runs below it, the paper's scores below each run. */
function rowsOf({ models, runs, limit }: Results, { own, paper }: Figures): Row[] {
  return models.flatMap((model) => {
    const rows = runs
      .filter((run) => run.model === model.id)
      .flatMap((run): Row[] => {
        const theirs = limit === null ? paper(model, run) : null;
        const row = { label: `  ${runName(run)}`, cells: own(run).map(percent) };
        return theirs === null
          ? [row]
          : [row, { label: '    (the paper)', cells: theirs.map(percent), isDim: true }];
      });
    return rows.length === 0 ? [] : [{ label: model.id, cells: [] }, ...rows];
  });
}

function metricsOf(tasks: readonly BenchTask[]): string {
  const named = (kind: BenchTask['kind'], metric: string): string[] => {
    const titles = tasks.filter((task) => task.kind === kind).map(({ title }) => title);
    return titles.length === 0 ? [] : [`${metric} of ${titles.join(', ')}`];
  };
  return [...named('synthetic', 'Acc@1'), ...named('real', 'nDCG@10')].join('; ');
}

function notesOn({ models, runs, limit, data }: Results, tasks: readonly BenchTask[]): string[] {
  const inPaper = runs.filter((run) =>
    models.some((model) => model.id === run.model && paperScores(model, run) !== null),
  );
  const generated = tasks.filter(({ name }) =>
    data.some(({ task, origin }) => task === name && origin.startsWith('generated')),
  );
  const notes: string[] = [];
  if (inPaper.length > 0 && limit !== null) {
    notes.push(`The paper's figures are left out: --limit ${limit} makes the tasks easier than the paper's.`);
  } else if (inPaper.length > 0 && generated.length > 0) {
    notes.push(
      `${generated.map(({ title }) => title).join(', ')}: generated by the paper's recipe; the texts differ from the paper's.`,
    );
  }
  for (const { id, unsupported } of models) {
    for (const { extend, reason } of unsupported) {
      notes.push(printable(`Not run: ${id} with ${extend}: ${reason}`));
    }
  }
  return notes;
}

function taskOf(run: RunResult, name: BenchTask['name']): TaskResult | undefined {
  return run.tasks.find(({ task }) => task === name);
}
