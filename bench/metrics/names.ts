/** What the metrics are called: as in MTEB's result files. */

/** How many of a ranking's first documents count. */
export const CUTS = [1, 3, 5, 10, 20, 100, 1000] as const;

export type Cut = (typeof CUTS)[number];

export type MetricName = `${'ndcg' | 'map' | 'recall' | 'precision' | 'mrr'}_at_${Cut}` | 'accuracy_at_1';
