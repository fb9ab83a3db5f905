/** Rankings in trec_eval's order, and the grades of their documents. */
import { LongEmbedError } from '../../lib/index.js';

/** A document found for a query. */
export interface Scored {
  readonly id: string;
  /** Higher is better. */
  readonly score: number;
}

/** Documents found for a query, in any order. */
export type Ranking = readonly Scored[];

/**
 * Sorts documents as trec_eval does (src/form_res_rels.c): by descending score, compared as 32-bit floats, then by
 * descending UTF-8 bytes of the id. The given order does not matter.
 */
export function ranked(ranking: Ranking): Scored[] {
  return [...ranking].sort((a, b) => {
    const [scoreA, scoreB] = [Math.fround(a.score), Math.fround(b.score)];
    if (scoreA !== scoreB) return scoreA > scoreB ? -1 : 1;
    return compareUtf8(b.id, a.id);
  });
}

/**
 * Compares strings by their UTF-8 bytes, as C's strcmp and therefore trec_eval does; that is the order of code points.
 * JavaScript's `<` compares UTF-16 units, which puts "😀" (above U+FFFF) before "～" (U+FF5E).
 * @returns below 0 when `a` comes first, above 0 when `b` does, 0 when they are equal
 */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = sortKey(a.charCodeAt(i)) - sortKey(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Sorts surrogates, which stand for code points above U+FFFF, after all other units. */
function sortKey(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Whether a grade counts as relevant: trec_eval's default relevance level, 1. */
export function isRelevant(grade: number): boolean {
  return grade >= 1;
}

/** A query's ranking with the grades of its documents. */
export interface JudgedRanking {
  /** The grade of the document at each rank, best rank first; 0 for documents without a judgement. */
  readonly grades: readonly number[];
  /** Grades of all judged documents, found or not, in descending order. */
  readonly ideal: readonly number[];
  /** Number of relevant documents, found or not. */
  readonly relevant: number;
}

/**
 * @param query id for messages
 * @param known grades by document id
 * @throws LongEmbedError ERR_INVALID_OPTION when a document is ranked twice, a score is NaN, a grade is not an integer
 */
export function judge(query: string, ranking: Ranking, known: ReadonlyMap<string, number>): JudgedRanking {
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
