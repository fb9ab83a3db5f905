import { compareUtf8 } from './utf8-order.js';

/** A document that was found for a query. */
export interface Scored {
  readonly id: string;
  /** Higher is better. */
  readonly score: number;
}

/** Documents that were found for a query, in any order. */
export type Ranking = readonly Scored[];

/**
 * The documents in trec_eval's order: by score, compared as 32-bit floats since that is how it stores them, then by id,
 * the last one by UTF-8 bytes first (trec_eval's src/form_res_rels.c). The order in which they are given does not matter.
 */
export function ranked(ranking: Ranking): Scored[] {
  return [...ranking].sort((a, b) => {
    const [scoreA, scoreB] = [Math.fround(a.score), Math.fround(b.score)];
    if (scoreA !== scoreB) return scoreA > scoreB ? -1 : 1;
    return compareUtf8(b.id, a.id);
  });
}
