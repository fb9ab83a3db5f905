import { LongEmbedError } from '../../lib/index.js';
import { ranked, type Ranking } from './ranking.js';

/** A query's ranking as the metrics see it. */
export interface Judged {
  /** The grade of the document at each rank, the best rank first. Documents that nobody judged have grade 0. */
  readonly grades: readonly number[];
  /** Grades of all judged documents, found or not, the highest first. */
  readonly ideal: readonly number[];
  /** Judged documents that are relevant, found or not. */
  readonly relevant: number;
}

/** trec_eval's relevance level 1, its default. */
export function isRelevant(grade: number): boolean {
  return grade >= 1;
}

/** Relevant documents among the first `cut`. */
export function relevantFound({ grades }: Judged, cut: number): number {
  return grades.slice(0, cut).filter(isRelevant).length;
}

/**
 * @param query its id, for messages
 * @param known grades of the query's documents
 * @throws LongEmbedError ERR_INVALID_OPTION when a document is ranked twice, a score is NaN, a grade is no whole number
 */
export function judge(query: string, ranking: Ranking, known: ReadonlyMap<string, number>): Judged {
  checkRanking(query, ranking);
  const ideal = [...known.values()].sort((a, b) => b - a);
  for (const grade of ideal) {
    if (!Number.isInteger(grade)) {
      throw invalid(`A document of query "${query}" has grade ${grade}: grades must be whole numbers.`);
    }
  }
  return {
    grades: ranked(ranking).map(({ id }) => known.get(id) ?? 0),
    ideal,
    relevant: ideal.filter(isRelevant).length,
  };
}

function checkRanking(query: string, ranking: Ranking): void {
  const seen = new Set<string>();
  for (const { id, score } of ranking) {
    if (Number.isNaN(score)) {
      throw invalid(`Document "${id}" has score NaN for query "${query}": it cannot be ranked.`);
    }
    if (seen.has(id)) throw invalid(`Document "${id}" is ranked twice for query "${query}".`);
    seen.add(id);
  }
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
