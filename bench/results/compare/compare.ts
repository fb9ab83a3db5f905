/** Runs of the benchmark side by side, and which differences are more than chance. */
import { TASK_NAMES, type TaskName } from '../../tasks/index.js';
import { PAPER_TASKS } from '../../reference/scores.js';
import { invalid } from '../read-json.js';
import { holm } from './holm.js';
import { type Measured, measuredAverage, measuredSplit, measuredTask } from './measured.js';
import { comparePair, differingSamples, unpairedQueries } from './pair.js';
import { baselineOf, type ComparedRun, entriesOf, type Entry, type Labelled } from './runs.js';

export interface CompareOptions {
  /** Of the run that the others are compared with: its number from 1, label, strategy, model or file. Left out: the first. */
  readonly baseline?: string | undefined;
  /** Left out: all that were run. */
  readonly tasks?: readonly TaskName[] | undefined;
  /** Ids of models. Left out: all. */
  readonly models?: readonly string[] | undefined;
}

/** A score and how it differs from the baseline's. */
export interface ComparedCell {
  /** A task, a split of the table's task, or "average". */
  readonly column: string;
  /** From 0 to 1; null: not run. */
  readonly score: number | null;
  /** To the baseline's; null for the baseline itself, where one of the two was not run, and where data differ. */
  readonly difference: number | null;
  /** Of the paired randomisation test over queries (`signFlipTest`); null where there is no difference to test. */
  readonly p: number | null;
  /** The same with Holm's correction over all tests of the table. */
  readonly pHolm: number | null;
  /** Queries of the test. */
  readonly queries: number | null;
  /** Why two scores are not compared; null: they are, or there are no two. */
  readonly reason: 'other data' | null;
}

export interface ComparedTable {
  /** "tasks", or the synthetic task whose splits are the columns. */
  readonly name: 'tasks' | TaskName;
  readonly columns: readonly string[];
  /** A row a run, in the order of `runs`. */
  readonly rows: readonly { readonly run: number; readonly cells: readonly ComparedCell[] }[];
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** Number of the run that the others are compared with. */
  readonly baseline: number;
  readonly tables: readonly ComparedTable[];
  /** Sentences: what could not be compared, and why. */
  readonly notes: readonly string[];
}

/**
 * Puts the runs of one or more results side by side. Scores are compared only where the data are the same: the SHA-256 of
 * the splits agree.
 * @throws LongEmbedError ERR_INVALID_OPTION for fewer than two runs, an unknown baseline, model or task
 */
export function compareResults(files: readonly Labelled[], options: CompareOptions = {}): Comparison {
  const entries = entriesOf(files, options.models);
  const baseline = baselineOf(entries, options.baseline);
  const tasks = tasksOf(entries, options.tasks);
  return {
    runs: entries.map(({ results: _results, run: _run, ...run }) => run),
    baseline: baseline.number,
    tables: [
      tableOf('tasks', taskColumns(tasks, entries), entries, baseline),
      ...tasks.flatMap((task) => {
        const columns = splitColumns(task, entries);
        return columns.length > 1 ? [tableOf(task, columns, entries, baseline)] : [];
      }),
    ],
    notes: entries.flatMap((entry) => notesOn(entry, baseline, tasks)),
  };
}

/** A column: its name, and what a run has there. */
interface Column {
  readonly name: string;
  readonly measure: (entry: Entry) => Measured | null;
}

function taskColumns(tasks: readonly TaskName[], entries: readonly Entry[]): Column[] {
  const columns: Column[] = tasks.map((name) => ({ name, measure: (entry) => taskOf(entry, name) }));
  const isAveraged =
    PAPER_TASKS.every((name) => tasks.includes(name)) && entries.some(({ run }) => run.average !== null);
  if (isAveraged) {
    columns.push({ name: 'average', measure: ({ results, run }) => measuredAverage(results, run) });
  }
  return columns;
}

function splitColumns(task: TaskName, entries: readonly Entry[]): Column[] {
  const results = entries.flatMap(({ run }) => run.tasks.filter((result) => result.task === task));
  const lengths = new Map(results.flatMap(({ splits }) => splits.map(({ name, length }) => [name, length])));
  const names = [...lengths].sort(([, a], [, b]) => (a ?? 0) - (b ?? 0)).map(([name]) => name);
  return names.map((name) => ({ name, measure: (entry) => splitOf(entry, task, name) }));
}

function taskOf({ results, run }: Entry, name: TaskName): Measured | null {
  const task = run.tasks.find((result) => result.task === name);
  return task === undefined ? null : measuredTask(results, task);
}

function splitOf({ results, run }: Entry, name: TaskName, splitName: string): Measured | null {
  const task = run.tasks.find((result) => result.task === name);
  const split = task?.splits.find((result) => result.name === splitName);
  return task === undefined || split === undefined ? null : measuredSplit(results, task, split);
}

function tableOf(
  name: ComparedTable['name'],
  columns: readonly Column[],
  entries: readonly Entry[],
  baseline: Entry,
): ComparedTable {
  const rows = entries.map((entry) => ({
    run: entry.number,
    cells: columns.map((column) => cellOf(column, entry, baseline)),
  }));
  const tested = rows.flatMap(({ cells }) => cells.flatMap(({ p }) => (p === null ? [] : [p])));
  const corrected = holm(tested).values();
  return {
    name,
    columns: columns.map((column) => column.name),
    rows: rows.map(({ run, cells }) => ({
      run,
      cells: cells.map((cell) =>
        cell.p === null ? cell : { ...cell, pHolm: corrected.next().value ?? null },
      ),
    })),
  };
}

function cellOf({ name, measure }: Column, entry: Entry, baseline: Entry): ComparedCell {
  const own = measure(entry);
  const base = entry === baseline ? null : measure(baseline);
  const pair = own === null || base === null ? null : comparePair(base, own);
  return {
    column: name,
    score: own?.score ?? null,
    difference: pair?.difference ?? null,
    p: pair?.p ?? null,
    pHolm: null,
    queries: pair?.queries ?? null,
    reason: own !== null && base !== null && pair === null ? 'other data' : null,
  };
}

function tasksOf(entries: readonly Entry[], wanted: readonly TaskName[] | undefined): TaskName[] {
  const run = TASK_NAMES.filter((name) => entries.some((entry) => taskOf(entry, name) !== null));
  const missing = wanted?.find((name) => !run.includes(name));
  if (missing !== undefined) {
    throw invalid(`No run has the task ${missing}: they have ${run.join(', ') || 'none'}.`);
  }
  return run.filter((name) => wanted?.includes(name) ?? true);
}

function notesOn(entry: Entry, baseline: Entry, tasks: readonly TaskName[]): string[] {
  if (entry === baseline) return [];
  const runs = `run ${entry.number} and run ${baseline.number}`;
  return tasks.flatMap((name) => {
    const [own, other] = [taskOf(entry, name), taskOf(baseline, name)];
    if (own === null || other === null) return [];
    const differing = differingSamples(other, own);
    if (differing.length > 0) {
      return [
        `Not the same data in ${runs}: ${differing.join(', ')}. Neither these scores nor means over them are compared.`,
      ];
    }
    const unpaired = unpairedQueries(other, own);
    return unpaired === 0
      ? []
      : [`${unpaired} queries of ${name} have a score in only one of ${runs}: the test is over the others.`];
  });
}
