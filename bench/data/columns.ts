/**
 * What the columns of the tables are called, and which values they may have. The authors' files say doc_id, qid; MTEB's
 * say _id or id, query-id, corpus-id, score.
 */
import { display } from '../../lib/error.js';
import { badData } from './errors.js';
import { placeOf, type Row } from './row.js';

export const DOCUMENT_ID = ['doc_id', '_id', 'id'] as const;
export const QUERY_ID = ['qid', '_id', 'id'] as const;
export const ANSWERED_QUERY = ['qid', 'query-id'] as const;
export const ANSWERING_DOCUMENT = ['doc_id', 'corpus-id'] as const;
export const LENGTH = 'context_length';

/** Every column that is read of some table. */
export const COLUMNS: readonly string[] = [
  ...new Set([...DOCUMENT_ID, ...QUERY_ID, ...ANSWERED_QUERY, ...ANSWERING_DOCUMENT]),
  'text',
  'title',
  'score',
  LENGTH,
];

/**
 * An id under one of its names; whole numbers are ids too, as MTEB reads them.
 * @param names the authors' name first: where it is there, the others are columns of somebody else's
 */
export function idOf(row: Row, names: readonly string[]): string {
  const present = names.filter((name) => given(row.values[name]));
  const [name] = present;
  if (name === undefined) throw wrong(row, `there is no ${names.map(quoted).join(' or ')}`);
  if (name !== names[0] && present.length > 1) {
    throw wrong(row, `${present.map(quoted).join(' and ')} are both there, and either may be the id`);
  }
  const value = row.values[name];
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  throw wrong(row, `${quoted(name)} is ${display(value)}, no id: it must be a text or a whole number`);
}

export function textOf(row: Row): string {
  return string(row, 'text', row.values['text']);
}

/** Text before which a document's title stands, where it has one; trimmed, all as MTEB feeds it to a model. */
export function titledTextOf(row: Row): string {
  const title = given(row.values['title']) ? string(row, 'title', row.values['title']) : '';
  return (title === '' ? textOf(row) : `${title} ${textOf(row)}`).trim();
}

/** How relevant the document is; 1 in a file without grades. */
export function gradeOf(row: Row): number {
  const { score } = row.values;
  if (score === undefined) return 1;
  const grade = typeof score === 'bigint' ? Number(score) : score;
  if (Number.isSafeInteger(grade) && (grade as number) >= 0) return grade as number;
  throw wrong(row, `"score" is ${display(score)}, no grade: it must be a whole number from 0`);
}

/** The length that a synthetic row is of, in tokens. */
export function lengthOf(row: Row): number {
  const value = row.values[LENGTH];
  const length = typeof value === 'bigint' ? Number(value) : value;
  if (Number.isSafeInteger(length) && (length as number) > 0) return length as number;
  const what = given(value) ? `${quoted(LENGTH)} is ${display(value)}` : `there is no ${quoted(LENGTH)}`;
  throw wrong(row, `${what}: it must be the length of the documents in tokens, a whole number`);
}

function string(row: Row, name: string, value: unknown): string {
  if (!given(value)) throw wrong(row, `there is no ${quoted(name)}`);
  if (typeof value !== 'string') throw wrong(row, `${quoted(name)} is ${display(value)}, no text`);
  if (!value.isWellFormed()) throw wrong(row, `${quoted(name)} holds half of a surrogate pair`);
  return value;
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function quoted(name: string): string {
  return `"${name}"`;
}

function wrong(row: Row, what: string): Error {
  return badData(`${placeOf(row)}: ${what}.`);
}
