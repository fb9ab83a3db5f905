/** The retrieval metrics of one query, as trec_eval defines them, under the names of MTEB's result files. */
import { isRelevant, type JudgedRanking } from './ranking.js';

/** Ranks at which metrics are cut off. */
export const CUTS = [1, 3, 5, 10, 20, 100, 1000] as const;

export type Cut = (typeof CUTS)[number];

export type MetricName = `${'ndcg' | 'map' | 'recall' | 'precision' | 'mrr'}_at_${Cut}` | 'accuracy_at_1';

interface Metric {
  readonly name: MetricName;
  /** The value for one query, 0 to 1. */
  readonly of: (judged: JudgedRanking) => number;
}

const CUT_METRICS = [
  ['ndcg', ndcg],
  ['map', averagePrecision],
  ['recall', recall],
  ['precision', precision],
  ['mrr', reciprocalRank],
] as const;

/** All metrics in the order of MTEB's result files. */
export const METRICS: readonly Metric[] = [
  ...CUT_METRICS.flatMap(([name, of]) =>
    CUTS.map((cut): Metric => ({ name: `${name}_at_${cut}`, of: (judged) => of(judged, cut) })),
  ),
  { name: 'accuracy_at_1', of: accuracyAt1 },
];

/** Number of relevant documents among the first `cut`. */
function relevantFound({ grades }: JudgedRanking, cut: number): number {
  return grades.slice(0, cut).filter(isRelevant).length;
}

/**
 * Normalised discounted cumulative gain of the first `cut` documents (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002) as in
 * trec_eval's ndcg_cut: the gain is the grade (0 for grades below 0), the document at rank r is discounted by
 * log2(r + 1), and the ideal ranking contains all judged documents. 0 when none is relevant.
 * @returns 0 to 1
 */
function ndcg({ grades, ideal }: JudgedRanking, cut: number): number {
  const best = discountedGain(ideal, cut);
  return best === 0 ? 0 : discountedGain(grades, cut) / best;
}

function discountedGain(grades: readonly number[], cut: number): number {
  let gain = 0;
  for (const [index, grade] of grades.slice(0, cut).entries()) {
    if (grade > 0) gain += grade / Math.log2(index + 2);
  }
  return gain;
}

/**
 * Average precision of the first `cut` documents, trec_eval's map_cut: the sum of the precisions at the ranks of the relevant
 * documents found, divided by the number of all relevant documents, even if that is larger than `cut`. Its mean over
 * queries is MAP. 0 when none is relevant.
 * @returns 0 to 1
 */
function averagePrecision({ grades, relevant }: JudgedRanking, cut: number): number {
  let found = 0;
  let precisions = 0;
  for (const [index, grade] of grades.slice(0, cut).entries()) {
    if (isRelevant(grade)) precisions += ++found / (index + 1);
  }
  return relevant === 0 ? 0 : precisions / relevant;
}

/**
 * The share of all relevant documents that are among the first `cut`, trec_eval's recall. 0 when none is relevant.
 * @returns 0 to 1
 */
function recall(judged: JudgedRanking, cut: number): number {
  return judged.relevant === 0 ? 0 : relevantFound(judged, cut) / judged.relevant;
}

/**
 * The share of relevant documents among the first `cut`, trec_eval's P: divided by `cut` even if fewer documents were found.
 * @returns 0 to 1
 */
function precision(judged: JudgedRanking, cut: number): number {
  return relevantFound(judged, cut) / cut;
}

/**
 * 1 / rank of the first relevant document among the first `cut`, 0 when there is none: MTEB's mrr_at_k (mteb 2.26.24,
 * mteb/_evaluators/retrieval_metrics.py) and, without a cut, trec_eval's recip_rank. Its mean over queries is MRR.
 *
 * The ranking is trec_eval's, as for all metrics. MTEB ranks separately for this metric, which differs only for scores that
 * are equal as 32-bit floats; its own searches give 32-bit scores, so the results agree.
 * @returns 0 to 1
 */
function reciprocalRank({ grades }: JudgedRanking, cut: number): number {
  const index = grades.slice(0, cut).findIndex(isRelevant);
  return index === -1 ? 0 : 1 / (index + 1);
}

/**
 * 1 when the first document is relevant, else 0: the paper's Acc@1 (arXiv 2404.12096 §3), trec_eval's success_1.
 * @returns 0 or 1
 */
function accuracyAt1(judged: JudgedRanking): number {
  return precision(judged, 1);
}
