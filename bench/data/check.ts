import type { Dataset, Query } from './dataset.js';
import { badData, emptyData } from './errors.js';
import { listOffenders, type Offender } from './offenders.js';
import type { Row } from './row.js';

type Place = Pick<Row, 'file' | 'at'>;

/** A document or a query as it was read. */
export interface Entry extends Place {
  readonly id: string;
  readonly text: string;
}

/** A row of qrels as it was read: how relevant a document is to a query. */
export interface Judgement extends Place {
  readonly query: string;
  readonly document: string;
  readonly grade: number;
}

/** A data set as it was read, before anything is known of whether it fits together. */
export interface RawDataset {
  readonly documents: readonly Entry[];
  readonly queries: readonly Entry[];
  readonly judgements: readonly Judgement[];
  /** What messages call the files that these come from. */
  readonly from: { readonly corpus: string; readonly queries: string; readonly qrels: string };
}

/**
 * Makes a data set of what was read. A document or query without text is an error: a model cannot embed nothing, and
 * leaving it out would change the scores of the rest.
 * @throws LongEmbedError ERR_INPUT_EMPTY when there are no documents, queries or grades, or texts are empty;
 * ERR_INVALID_OPTION when ids repeat, grades are of things that are not there or disagree, or queries have no answer
 */
export function checkDataset({ documents, queries, judgements, from }: RawDataset): Dataset {
  if (documents.length === 0) throw emptyData(`${from.corpus} holds no documents.`);
  if (queries.length === 0) throw emptyData(`${from.queries} holds no queries.`);
  if (judgements.length === 0) throw emptyData(`${from.qrels} says of no document that it answers a query.`);

  const documentIds = checkEntries(documents, 'documents', from.corpus);
  const queryIds = checkEntries(queries, 'queries', from.queries);
  checkPointers(judgements, 'query', queryIds, `queries that ${from.queries} does not have`, from.qrels);
  checkPointers(
    judgements,
    'document',
    documentIds,
    `documents that ${from.corpus} does not have`,
    from.qrels,
  );
  const relevance = checkGrades(judgements, from.qrels);
  checkAnswers(queries, relevance, from);

  const bare = ({ id, text }: Entry): Query => ({ id, text });
  return { documents: documents.map(bare), queries: queries.map(bare), relevance };
}

function checkEntries(entries: readonly Entry[], kind: string, from: string): Set<string> {
  const ids = new Set<string>();
  const repeated: Offender[] = [];
  const empty: Offender[] = [];
  for (const { id, text, file, at } of entries) {
    if (ids.has(id)) repeated.push({ what: id, file, at });
    ids.add(id);
    if (text.trim() === '') empty.push({ what: id, file, at });
  }
  if (repeated.length > 0) {
    throw badData(`${from} has ${kind} with an id that an earlier one has: ${listOffenders(repeated)}.`);
  }
  if (empty.length > 0) {
    throw emptyData(`${from} has ${kind} with an empty text: ${listOffenders(empty)}.`);
  }
  return ids;
}

function checkPointers(
  judgements: readonly Judgement[],
  end: 'query' | 'document',
  ids: ReadonlySet<string>,
  unknown: string,
  from: string,
): void {
  const astray = judgements
    .filter((judgement) => !ids.has(judgement[end]))
    .map(({ [end]: what, file, at }) => ({ what, file, at }));
  if (astray.length > 0) {
    throw badData(`${from} names ${unknown}: ${listOffenders(astray)}.`);
  }
}

/** A row that says the same again does no harm; one that says otherwise leaves open what holds. */
function checkGrades(judgements: readonly Judgement[], from: string): Map<string, Map<string, number>> {
  const relevance = new Map<string, Map<string, number>>();
  const contrary: Offender[] = [];
  for (const { query, document, grade, file, at } of judgements) {
    const grades = relevance.get(query) ?? new Map<string, number>();
    const before = grades.get(document);
    if (before !== undefined && before !== grade) contrary.push({ what: query, file, at });
    relevance.set(query, grades.set(document, grade));
  }
  if (contrary.length > 0) {
    throw badData(
      `${from} gives a document another grade than before for the same query: ${listOffenders(contrary)}.`,
    );
  }
  return relevance;
}

function checkAnswers(
  queries: readonly Entry[],
  relevance: ReadonlyMap<string, ReadonlyMap<string, number>>,
  from: RawDataset['from'],
): void {
  const unanswered = queries
    .filter(({ id }) => ![...(relevance.get(id)?.values() ?? [])].some((grade) => grade > 0))
    .map(({ id, file, at }) => ({ what: id, file, at }));
  if (unanswered.length > 0) {
    throw badData(
      `${from.queries} has queries without an answer, a document of grade 1 or more in ${from.qrels}: ` +
        `${listOffenders(unanswered)}.`,
    );
  }
}
