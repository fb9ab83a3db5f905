import { basename } from 'node:path';
import { display } from '../../lib/error.js';
import type { Dataset, Query } from './dataset.js';
import { badData, emptyData } from './errors.js';
import type { Row } from './table.js';

type Position = Pick<Row, 'file' | 'at'>;

/** A document or a query as it was read. */
export interface TextRow extends Position {
  readonly id: string;
  readonly text: string;
}

/** A row of qrels as it was read: the relevance of a document to a query. */
export interface Judgement extends Position {
  readonly query: string;
  readonly document: string;
  readonly grade: number;
}

/** A data set as it was read, not checked for consistency yet. */
export interface RawDataset {
  readonly documents: readonly TextRow[];
  readonly queries: readonly TextRow[];
  readonly judgements: readonly Judgement[];
  /** Names of the files in messages. */
  readonly from: { readonly corpus: string; readonly queries: string; readonly qrels: string };
}

/**
 * Checks what was read and makes a data set of it. A document or query without text is an error: a model cannot embed an
 * empty text, and leaving it out would change the scores of the others.
 * @throws LongEmbedError ERR_INPUT_EMPTY when there are no documents, queries or grades, or texts are empty;
 * ERR_INVALID_OPTION when ids repeat, grades are dangling or conflicting, or queries have no answer
 */
export function checkDataset({ documents, queries, judgements, from }: RawDataset): Dataset {
  if (documents.length === 0) throw emptyData(`${from.corpus} holds no documents.`);
  if (queries.length === 0) throw emptyData(`${from.queries} holds no queries.`);
  if (judgements.length === 0) throw emptyData(`${from.qrels} holds no relevance grades.`);

  const documentIds = checkTexts(documents, 'documents', from.corpus);
  const queryIds = checkTexts(queries, 'queries', from.queries);
  checkReferences(judgements, 'query', queryIds, `queries that ${from.queries} does not have`, from.qrels);
  checkReferences(
    judgements,
    'document',
    documentIds,
    `documents that ${from.corpus} does not have`,
    from.qrels,
  );
  const relevance = checkGrades(judgements, from.qrels);
  checkAnswers(queries, relevance, from);

  const withoutPosition = ({ id, text }: TextRow): Query => ({ id, text });
  return { documents: documents.map(withoutPosition), queries: queries.map(withoutPosition), relevance };
}

function checkTexts(entries: readonly TextRow[], kind: string, from: string): Set<string> {
  const ids = new Set<string>();
  const repeated: BadRow[] = [];
  const empty: BadRow[] = [];
  for (const { id, text, file, at } of entries) {
    if (ids.has(id)) repeated.push({ value: id, file, at });
    ids.add(id);
    if (text.trim() === '') empty.push({ value: id, file, at });
  }
  if (repeated.length > 0) {
    throw badData(`${from} has ${kind} with an id that is already used: ${listBadRows(repeated)}.`);
  }
  if (empty.length > 0) {
    throw emptyData(`${from} has ${kind} with an empty text: ${listBadRows(empty)}.`);
  }
  return ids;
}

function checkReferences(
  judgements: readonly Judgement[],
  column: 'query' | 'document',
  ids: ReadonlySet<string>,
  unknown: string,
  from: string,
): void {
  const dangling = judgements
    .filter((judgement) => !ids.has(judgement[column]))
    .map(({ [column]: value, file, at }) => ({ value, file, at }));
  if (dangling.length > 0) {
    throw badData(`${from} names ${unknown}: ${listBadRows(dangling)}.`);
  }
}

/** Repeated grades are harmless; different grades for the same pair are an error. */
function checkGrades(judgements: readonly Judgement[], from: string): Map<string, Map<string, number>> {
  const relevance = new Map<string, Map<string, number>>();
  const conflicting: BadRow[] = [];
  for (const { query, document, grade, file, at } of judgements) {
    const grades = relevance.get(query) ?? new Map<string, number>();
    const before = grades.get(document);
    if (before !== undefined && before !== grade) conflicting.push({ value: query, file, at });
    relevance.set(query, grades.set(document, grade));
  }
  if (conflicting.length > 0) {
    throw badData(
      `${from} gives different grades to the same query and document: ${listBadRows(conflicting)}.`,
    );
  }
  return relevance;
}

function checkAnswers(
  queries: readonly TextRow[],
  relevance: ReadonlyMap<string, ReadonlyMap<string, number>>,
  from: RawDataset['from'],
): void {
  const unanswered = queries
    .filter(({ id }) => ![...(relevance.get(id)?.values() ?? [])].some((grade) => grade > 0))
    .map(({ id, file, at }) => ({ value: id, file, at }));
  if (unanswered.length > 0) {
    throw badData(
      `${from.queries} has queries without a relevant document (grade 1 or more) in ${from.qrels}: ` +
        `${listBadRows(unanswered)}.`,
    );
  }
}

/** The bad value of a row, and the position of the row. */
interface BadRow extends Position {
  readonly value: string;
}

const MAX_LISTED_ROWS = 3;

/** The first few rows: `5, the first of them "d1" (corpus.jsonl, line 7), "d2" (corpus.jsonl, line 9), …`. */
function listBadRows(rows: readonly BadRow[]): string {
  const listed = rows
    .slice(0, MAX_LISTED_ROWS)
    .map(({ value, file, at }) => `${display(value)} (${basename(file)}, ${at})`)
    .join(', ');
  return rows.length > MAX_LISTED_ROWS ? `${rows.length}, the first of them ${listed}` : listed;
}
