import { accuracyAt1 } from './accuracy.js';
import type { Judged } from './judged.js';
import { averagePrecision } from './map.js';
import { reciprocalRank } from './mrr.js';
import { CUTS, type MetricName } from './names.js';
import { ndcg } from './ndcg.js';
import { precision } from './precision.js';
import { recall } from './recall.js';

interface Metric {
  readonly name: MetricName;
  /** Of one query, 0 to 1. */
  readonly of: (judged: Judged) => number;
}

const CUT_METRICS = [
  ['ndcg', ndcg],
  ['map', averagePrecision],
  ['recall', recall],
  ['precision', precision],
  ['mrr', reciprocalRank],
] as const;

/** All of them, in the order of MTEB's result files. */
export const METRICS: readonly Metric[] = [
  ...CUT_METRICS.flatMap(([name, of]) =>
    CUTS.map((cut): Metric => ({ name: `${name}_at_${cut}`, of: (judged) => of(judged, cut) })),
  ),
  { name: 'accuracy_at_1', of: accuracyAt1 },
];
