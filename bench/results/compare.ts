/** Runs of the benchmark side by side, and which differences are significant. */
import { display } from '../../lib/error.js';
import { PAPER_TASKS } from '../reference/scores.js';
import { TASK_NAMES, type TaskName } from '../tasks/index.js';
import { invalid } from './files.js';
import { isLexical, modelOf, type Results, runName, type RunResult } from './results.js';
import {
  comparePair,
  differingSamples,
  holm,
  type Measured,
  measuredAverage,
  measuredSplit,
  measuredTask,
  unpairedQueries,
} from './significance.js';

export interface CompareOptions {
  /** The run that the others are compared with: its number from 1, label, strategy, model or file. Default: the first. */
  readonly baseline?: string | undefined;
  /** Default: all tasks of the runs. */
  readonly tasks?: readonly TaskName[] | undefined;
  /** Ids of models. Default: all. */
  readonly models?: readonly string[] | undefined;
}

/** A score and its difference to the baseline's. */
export interface ComparedCell {
  /** A task, a split of the table's task, or "average". */
  readonly column: string;
  /** From 0 to 1; null: not run. */
  readonly score: number | null;
  /** Difference to the baseline's score; null for the baseline itself, if one of the two was not run, and if data differ. */
  readonly difference: number | null;
  /** p of the paired randomisation test over queries (`signFlipTest`); null without a difference to test. */
  readonly p: number | null;
  /** p with Holm's correction over all tests of the table. */
  readonly pHolm: number | null;
  /** Number of queries of the test. */
  readonly queries: number | null;
  /** Why two scores are not compared; null: they are, or one is missing. */
  readonly reason: 'other data' | null;
}

export interface ComparedTable {
  /** "tasks", or the synthetic task whose splits are the columns. */
  readonly name: 'tasks' | TaskName;
  readonly columns: readonly string[];
  /** One row per run, in the order of `runs`. */
  readonly rows: readonly { readonly run: number; readonly cells: readonly ComparedCell[] }[];
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** Number of the run that the others are compared with. */
  readonly baseline: number;
  readonly tables: readonly ComparedTable[];
  /** Sentences about what could not be compared, and why. */
  readonly notes: readonly string[];
}

/**
 * Puts the runs of one or more results side by side. Scores are compared only if the SHA-256 of the splits' data agree.
 * @throws LongEmbedError ERR_INVALID_OPTION for fewer than two runs, an unknown baseline, model or task
 */
export function compareResults(files: readonly Labelled[], options: CompareOptions = {}): Comparison {
  const entries = loadedRuns(files, options.models);
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

/** A column of a table: its name, and the score of a run in it. */
interface Column {
  readonly name: string;
  readonly measure: (entry: LoadedRun) => Measured | null;
}

function taskColumns(tasks: readonly TaskName[], entries: readonly LoadedRun[]): Column[] {
  const columns: Column[] = tasks.map((name) => ({ name, measure: (entry) => taskOf(entry, name) }));
  const isAveraged =
    PAPER_TASKS.every((name) => tasks.includes(name)) && entries.some(({ run }) => run.average !== null);
  if (isAveraged) {
    columns.push({ name: 'average', measure: ({ results, run }) => measuredAverage(results, run) });
  }
  return columns;
}

function splitColumns(task: TaskName, entries: readonly LoadedRun[]): Column[] {
  const results = entries.flatMap(({ run }) => run.tasks.filter((result) => result.task === task));
  const lengths = new Map(results.flatMap(({ splits }) => splits.map(({ name, length }) => [name, length])));
  const names = [...lengths].sort(([, a], [, b]) => (a ?? 0) - (b ?? 0)).map(([name]) => name);
  return names.map((name) => ({ name, measure: (entry) => splitOf(entry, task, name) }));
}

function taskOf({ results, run }: LoadedRun, name: TaskName): Measured | null {
  const task = run.tasks.find((result) => result.task === name);
  return task === undefined ? null : measuredTask(results, task);
}

function splitOf({ results, run }: LoadedRun, name: TaskName, splitName: string): Measured | null {
  const task = run.tasks.find((result) => result.task === name);
  const split = task?.splits.find((result) => result.name === splitName);
  return task === undefined || split === undefined ? null : measuredSplit(results, task, split);
}

function tableOf(
  name: ComparedTable['name'],
  columns: readonly Column[],
  entries: readonly LoadedRun[],
  baseline: LoadedRun,
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

function cellOf({ name, measure }: Column, entry: LoadedRun, baseline: LoadedRun): ComparedCell {
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

function tasksOf(entries: readonly LoadedRun[], wanted: readonly TaskName[] | undefined): TaskName[] {
  const run = TASK_NAMES.filter((name) => entries.some((entry) => taskOf(entry, name) !== null));
  const missing = wanted?.find((name) => !run.includes(name));
  if (missing !== undefined) {
    throw invalid(`No run has the task ${missing}: they have ${run.join(', ') || 'none'}.`);
  }
  return run.filter((name) => wanted?.includes(name) ?? true);
}

function notesOn(entry: LoadedRun, baseline: LoadedRun, tasks: readonly TaskName[]): string[] {
  if (entry === baseline) return [];
  const runs = `run ${entry.number} and run ${baseline.number}`;
  return tasks.flatMap((name) => {
    const [own, other] = [taskOf(entry, name), taskOf(baseline, name)];
    if (own === null || other === null) return [];
    const differing = differingSamples(other, own);
    if (differing.length > 0) {
      return [
        `The data differ between ${runs}: ${differing.join(', ')}. Neither these scores nor means over them are compared.`,
      ];
    }
    const unpaired = unpairedQueries(other, own);
    return unpaired === 0
      ? []
      : [`${unpaired} queries of ${name} have a score in only one of ${runs}: the test is over the others.`];
  });
}

/** Results and their source. */
export interface Labelled {
  /** Path of the file, for people. */
  readonly label: string;
  readonly results: Results;
}

/** A compared run. */
export interface ComparedRun {
  /** From 1. */
  readonly number: number;
  /** "e5-base-v2 pi:4k", with the file if other files have the same run. */
  readonly label: string;
  readonly source: string;
  readonly model: string;
  /** The model's file name without its folder. */
  readonly file: string;
  readonly extend: string;
  /** Among the runs of its model: "pi:4k", "pi:4k chunks:256 max". */
  readonly name: string;
  /** Longer documents were cut, in tokens; null: none were, as by the lexical baseline. */
  readonly target: number | null;
}

/** A compared run with its results. */
interface LoadedRun extends ComparedRun {
  readonly results: Results;
  readonly run: RunResult;
}

/** The runs of all files in order. */
function loadedRuns(files: readonly Labelled[], models: readonly string[] | undefined): LoadedRun[] {
  const all = files.flatMap(({ label, results }) =>
    results.runs.map((run) => {
      const { id: model, file } = modelOf(results, run);
      const target = isLexical(run) ? null : run.target;
      return { source: label, model, file, extend: run.extend, name: runName(run), target, results, run };
    }),
  );
  for (const model of models ?? []) {
    if (all.some((entry) => entry.model === model)) continue;
    const known = [...new Set(all.map((entry) => entry.model))].join(', ');
    throw invalid(`There is no model ${display(model)} in the results: they have ${known}.`);
  }
  const chosen = all.filter(({ model }) => models?.includes(model) ?? true);
  return chosen.map((entry, index) => {
    const name = `${entry.model} ${entry.name}`;
    const isUnique = chosen.every((other) => other === entry || `${other.model} ${other.name}` !== name);
    return { ...entry, number: index + 1, label: isUnique ? name : `${name} (${entry.source})` };
  });
}

/**
 * The run that the others are compared with.
 * @param wanted number, label, strategy, model or file that identifies one run; undefined: the first
 * @throws LongEmbedError ERR_INVALID_OPTION when it identifies no run or several
 */
function baselineOf(entries: readonly LoadedRun[], wanted: string | undefined): LoadedRun {
  const [first] = entries;
  if (first === undefined || entries.length < 2) {
    throw invalid(
      `There ${first === undefined ? 'is no run' : 'is only one run'} to compare: name another results.json, or one with several runs.`,
    );
  }
  if (wanted === undefined) return first;
  const ways: readonly ((entry: LoadedRun) => string)[] = [
    ({ number }) => String(number),
    ({ label }) => label,
    ({ model, name }) => `${model} ${name}`,
    ({ name }) => name,
    ({ model }) => model,
    ({ source }) => source,
  ];
  for (const name of ways) {
    const found = entries.filter((entry) => name(entry) === wanted);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (only !== undefined) {
      throw invalid(`The baseline ${display(wanted)} is ambiguous; give a run's number: ${list(found)}.`);
    }
  }
  throw invalid(`There is no run ${display(wanted)} for the baseline; the runs are ${list(entries)}.`);
}

function list(entries: readonly LoadedRun[]): string {
  return entries.map(({ number, label }) => `${number} (${label})`).join(', ');
}
