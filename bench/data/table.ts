/**
 * The tables of a task, their rows and their columns. The authors' files name columns doc_id and qid; MTEB's name them
 * _id or id, query-id, corpus-id and score.
 */
import { display } from '../../lib/error.js';
import { badData } from './errors.js';

/** The three tables of a task. */
export const TABLE_NAMES = ['corpus', 'queries', 'qrels'] as const;

export type TableName = (typeof TABLE_NAMES)[number];

/** The files of a table by split. */
export interface Table {
  readonly name: TableName;
  readonly folder: string;
  /** Split → its files in order; null: the file names do not name a split. */
  readonly splits: ReadonlyMap<string | null, readonly string[]>;
}

export type Tables = Readonly<Record<TableName, Table>>;

/** A row of a table as its file has it. */
export interface Row {
  readonly values: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** Position in the file, counted from 1: "line 7" of JSONL, "row 7" of parquet. */
  readonly at: string;
}

export const DOCUMENT_ID = ['doc_id', '_id', 'id'] as const;
export const QUERY_ID = ['qid', '_id', 'id'] as const;
export const ANSWERED_QUERY = ['qid', 'query-id'] as const;
export const ANSWERING_DOCUMENT = ['doc_id', 'corpus-id'] as const;
export const LENGTH = 'context_length';

/** Every column that any table is read for. */
export const COLUMNS: readonly string[] = [
  ...new Set([...DOCUMENT_ID, ...QUERY_ID, ...ANSWERED_QUERY, ...ANSWERING_DOCUMENT]),
  'text',
  'title',
  'score',
  LENGTH,
];

/**
 * An id under one of its column names; integers are ids too, as in MTEB.
 * @param names the authors' name first: where that column exists, the others mean something else
 */
export function idOf(row: Row, names: readonly string[]): string {
  const present = names.filter((name) => given(row.values[name]));
  const [name] = present;
  if (name === undefined) throw badRow(row, `there is no ${names.map(quoted).join(' or ')}`);
  if (name !== names[0] && present.length > 1) {
    throw badRow(row, `${present.map(quoted).join(' and ')} are both present, and either may be the id`);
  }
  const value = row.values[name];
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  // Its last digits have been rounded already, so that it may be another id.
  const isRounded = Number.isInteger(value);
  throw badRow(
    row,
    isRounded
      ? `${quoted(name)} is a number of more than 15 digits, which are not kept: an id of that length must be a text`
      : `${quoted(name)} is ${display(value)}, not an id: it must be a text or a whole number`,
  );
}

export function textOf(row: Row): string {
  return string(row, 'text', row.values['text']);
}

/** Title, if any, and text of a document, joined by a space and trimmed: what MTEB gives to a model. */
export function titledTextOf(row: Row): string {
  const title = given(row.values['title']) ? string(row, 'title', row.values['title']) : '';
  return (title === '' ? textOf(row) : `${title} ${textOf(row)}`).trim();
}

/** Relevance grade; 1 in a file without grades. */
export function gradeOf(row: Row): number {
  const { score } = row.values;
  if (score === undefined) return 1;
  const grade = typeof score === 'bigint' ? Number(score) : score;
  if (Number.isSafeInteger(grade) && (grade as number) >= 0) return grade as number;
  throw badRow(row, `"score" is ${display(score)}, not a grade: it must be a whole number from 0`);
}

/** Length of a synthetic row in tokens. */
export function lengthOf(row: Row): number {
  const value = row.values[LENGTH];
  const length = typeof value === 'bigint' ? Number(value) : value;
  if (Number.isSafeInteger(length) && (length as number) > 0) return length as number;
  const what = given(value) ? `${quoted(LENGTH)} is ${display(value)}` : `there is no ${quoted(LENGTH)}`;
  throw badRow(row, `${what}: it must be the length of the documents in tokens, a whole number`);
}

function string(row: Row, name: string, value: unknown): string {
  if (!given(value)) throw badRow(row, `there is no ${quoted(name)}`);
  if (typeof value !== 'string') throw badRow(row, `${quoted(name)} is ${display(value)}, not a text`);
  if (!value.isWellFormed()) throw badRow(row, `${quoted(name)} contains a lone surrogate`);
  return value;
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function quoted(name: string): string {
  return `"${name}"`;
}

/** @param what a clause */
function badRow(row: Row, what: string): Error {
  return badData(`${row.file}, ${row.at}: ${what}.`);
}
