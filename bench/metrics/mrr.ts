import { isRelevant, type Judged } from './judged.js';

/**
 * 1 / rank of the first relevant document among the first `cut`, 0 when there is none: what MTEB reports as mrr_at_k (mteb 2.26.24,
 * mteb/_evaluators/retrieval_metrics.py), and for an unlimited cut trec_eval's recip_rank. Its mean over queries is MRR.
 *
 * The ranking is trec_eval's as for every other metric. MTEB sorts for this one itself, the same way but for scores that
 * differ only beyond 32-bit floats; its own searches give 32-bit scores, so there the two agree.
 * @returns 0 to 1
 */
export function reciprocalRank({ grades }: Judged, cut: number): number {
  const index = grades.slice(0, cut).findIndex(isRelevant);
  return index === -1 ? 0 : 1 / (index + 1);
}
