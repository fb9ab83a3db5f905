import { display } from '../../../lib/error.js';
import { invalid } from '../read-json.js';
import { modelOf } from '../lookup.js';
import type { Results, RunResult } from '../results.js';

/** Results and where they are from. */
export interface Labelled {
  /** For people: the path of the file. */
  readonly label: string;
  readonly results: Results;
}

/** A run among those that are compared. */
export interface ComparedRun {
  /** From 1, as people name it. */
  readonly number: number;
  /** "e5-base-v2 pi:4k", with the file where other files have the same. */
  readonly label: string;
  readonly source: string;
  readonly model: string;
  /** The model's file, without its folder. */
  readonly file: string;
  readonly extend: string;
  /** Longer documents were cut, in tokens. */
  readonly target: number;
}

/** The same with what is in it. */
export interface Entry extends ComparedRun {
  readonly results: Results;
  readonly run: RunResult;
}

/** The runs of all files in their order. */
export function entriesOf(files: readonly Labelled[], models: readonly string[] | undefined): Entry[] {
  const all = files.flatMap(({ label, results }) =>
    results.runs.map((run) => {
      const { id: model, file } = modelOf(results, run);
      const { extend, target } = run;
      return { source: label, model, file, extend, target, results, run };
    }),
  );
  for (const model of models ?? []) {
    if (all.some((entry) => entry.model === model)) continue;
    const known = [...new Set(all.map((entry) => entry.model))].join(', ');
    throw invalid(`There is no model ${display(model)} in the results: they have ${known}.`);
  }
  const chosen = all.filter(({ model }) => models?.includes(model) ?? true);
  return chosen.map((entry, index) => {
    const name = `${entry.model} ${entry.extend}`;
    const isUnique = chosen.every((other) => other === entry || `${other.model} ${other.extend}` !== name);
    return { ...entry, number: index + 1, label: isUnique ? name : `${name} (${entry.source})` };
  });
}

/**
 * The run that the others are compared with.
 * @param wanted its number, label, strategy, model or file, where that is one run's only; undefined: the first
 * @throws LongEmbedError ERR_INVALID_OPTION when no run is it, or several are
 */
export function baselineOf(entries: readonly Entry[], wanted: string | undefined): Entry {
  const [first] = entries;
  if (first === undefined || entries.length < 2) {
    throw invalid(
      `There ${first === undefined ? 'is no run' : 'is only one run'} to compare: name another results.json, or one with several runs.`,
    );
  }
  if (wanted === undefined) return first;
  const ways: readonly ((entry: Entry) => string)[] = [
    ({ number }) => String(number),
    ({ label }) => label,
    ({ model, extend }) => `${model} ${extend}`,
    ({ extend }) => extend,
    ({ model }) => model,
    ({ source }) => source,
  ];
  for (const name of ways) {
    const found = entries.filter((entry) => name(entry) === wanted);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (only !== undefined) {
      throw invalid(`The baseline ${display(wanted)} is several runs; say one's number: ${list(found)}.`);
    }
  }
  throw invalid(`There is no run ${display(wanted)} for the baseline; the runs are ${list(entries)}.`);
}

function list(entries: readonly Entry[]): string {
  return entries.map(({ number, label }) => `${number} (${label})`).join(', ');
}
