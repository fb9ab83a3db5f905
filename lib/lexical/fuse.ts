/** The constant of reciprocal rank fusion that its authors use. */
export const FUSION_K = 60;

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): a document's score is the sum of 1 / (60 + rank) over the
 * rankings that have it, with ranks from 1.
 * @param rankings documents, best first, each at most once in a ranking
 */
export function fuseRankings<T>(rankings: readonly Iterable<T>[]): Map<T, number> {
  const scores = new Map<T, number>();
  for (const ranking of rankings) {
    let rank = 0;
    for (const document of ranking) {
      rank += 1;
      scores.set(document, (scores.get(document) ?? 0) + 1 / (FUSION_K + rank));
    }
  }
  return scores;
}
