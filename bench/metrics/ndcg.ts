import type { Judged } from './judged.js';

/**
 * Normalised discounted cumulative gain of the first `cut` documents (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002) as trec_eval's
 * ndcg_cut: the gain is the grade itself, grades below 0 gain nothing, the document at rank r counts 1 / log2(r + 1), and
 * the ideal ranking is made of all judged documents. 0 when none is relevant.
 * @returns 0 to 1
 */
export function ndcg({ grades, ideal }: Judged, cut: number): number {
  const best = gained(ideal, cut);
  return best === 0 ? 0 : gained(grades, cut) / best;
}

function gained(grades: readonly number[], cut: number): number {
  let sum = 0;
  for (const [index, grade] of grades.slice(0, cut).entries()) {
    if (grade > 0) sum += grade / Math.log2(index + 2);
  }
  return sum;
}
