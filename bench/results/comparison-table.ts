/** A comparison for people at a terminal. */
import { taskOf } from '../tasks/index.js';
import { percent, points, shortLength } from './percent.js';
import { type Row, terminalTable } from './terminal-table.js';
import { printable } from '../../lib/format.js';
import type { ComparedCell, ComparedTable, Comparison } from './compare.js';
import { MAX_EXACT, ROUNDS } from './significance.js';

/** Marks of corrected p-values below a level, lowest level first. */
const MARKS = [
  { below: 0.01, mark: '**' },
  { below: 0.05, mark: '*' },
] as const;

/**
 * Lists the runs, a table of their main scores with the differences to the baseline below them, the same by length for the
 * synthetic tasks, what could not be compared, and what the marks mean. Plain ASCII except for names.
 */
export function comparisonTable(comparison: Comparison): string {
  const { runs, baseline, tables, notes } = comparison;
  const list = runs.map(({ number, model, file, name, target, source }) => {
    const role = number === baseline ? ' (the baseline)' : '';
    return printable(
      `  ${number}  ${model} ${name}${role}: ${target === null ? 'nothing cut' : `${file} cut at ${target} tokens`}, from ${source}`,
    );
  });
  const parts = [
    ['Runs', ...list].join('\n'),
    ...tables.map((table) => `${titleOf(table)}\n\n${tableOf(table, comparison)}`),
    ...(notes.length > 0 ? [notes.map(printable).join('\n')] : []),
    legend(tables, baseline),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function titleOf({ name }: ComparedTable): string {
  return name === 'tasks' ? 'Scores in %' : `${taskOf(name).title}: Acc@1 in % by length in tokens`;
}

function tableOf({ columns, rows }: ComparedTable, { runs }: Comparison): string {
  const labels = new Map(runs.map(({ number, model, name }) => [number, `${number}  ${model} ${name}`]));
  return terminalTable(
    columns.map(headOf),
    rows.map(({ run, cells }): Row => ({ label: labels.get(run) ?? '', cells: cells.map(cellOf) })),
    false,
  );
}

function headOf(column: string): string {
  if (column === 'average') return 'Avg.';
  const length = /^test_(\d+)$/.exec(column)?.[1];
  return length === undefined ? taskOf(column).title : shortLength(Number(length));
}

/** The score, and the difference below it; space for marks keeps the decimal points aligned. */
function cellOf({ score, difference, pHolm, reason }: ComparedCell): string {
  const markWidth = 2;
  const own = percent(score) + ' '.repeat(markWidth);
  if (reason !== null) return `${own}\n(!)${' '.repeat(markWidth)}`;
  if (difference === null) return own;
  const mark = MARKS.find(({ below }) => pHolm !== null && pHolm < below)?.mark ?? '';
  return `${own}\n${points(difference)}${mark.padEnd(markWidth)}`;
}

function legend(tables: readonly ComparedTable[], baseline: number): string {
  const cells = tables.map(({ rows }) => rows.flatMap((row) => row.cells));
  const tests = cells.map((all) => all.filter(({ p }) => p !== null).length);
  const marks = [...MARKS].reverse().map(({ mark, below }) => `${mark} p < ${below}`);
  const lines: string[] = [];
  if (tests.some((count) => count > 0)) {
    lines.push(
      `Below a score: its difference to run ${baseline} in points. ${marks.join(', ')}; without a mark it may be due to chance.`,
      'p: paired two-sided randomisation test, the signs of the differences by query flipped at random in',
      `${ROUNDS} rounds (exact up to ${MAX_EXACT} queries that differ), corrected by Holm's method over all tests of a table (${tests.join(', ')}).`,
    );
  }
  if (cells.flat().some(({ reason }) => reason !== null))
    lines.push('(!): the data differ, so the scores are not compared.');
  return lines.join('\n');
}
