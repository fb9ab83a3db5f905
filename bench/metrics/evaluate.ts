import { LongEmbedError } from '../../lib/index.js';
import type { Relevance } from '../data/dataset.js';
import { type MetricName, METRICS } from './metrics.js';
import { judge, type Ranking } from './ranking.js';

export interface Evaluation {
  /** The mean of every metric over the counted queries, 0 to 1. */
  readonly mean: Record<string, number>;
  /** One metric of every counted query, by query id, in the order of the rankings. */
  readonly perQuery: Map<string, number>;
}

/**
 * Scores rankings by trec_eval's rules, as pytrec_eval gives them and MTEB reports them.
 *
 * As in pytrec_eval, only queries with a ranking and at least one judged document are counted. A query with an empty ranking
 * or without relevant documents counts as 0.
 * @param rankings query id → documents found
 * @param options.perQuery the metric to return per query; default ndcg_at_10
 * @throws LongEmbedError ERR_INVALID_OPTION when a document is ranked twice, a score is NaN, a grade is not an integer or the
 *   metric is unknown; ERR_INPUT_EMPTY when no query is counted
 * @example
 * const rankings = new Map([['q1', [{ id: 'd1', score: 0.9 }, { id: 'd2', score: 0.4 }]]]);
 * evaluate(rankings, new Map([['q1', new Map([['d2', 1]])]])).mean.mrr_at_10; // 0.5
 */
export function evaluate(
  rankings: ReadonlyMap<string, Ranking>,
  relevance: Relevance,
  options: { readonly perQuery?: MetricName } = {},
): Evaluation {
  const wanted = options.perQuery ?? 'ndcg_at_10';
  if (!METRICS.some(({ name }) => name === wanted)) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The metric "${wanted}" is not known: use one of ${METRICS.map(({ name }) => name).join(', ')}.`,
    );
  }

  const sums = METRICS.map((metric) => ({ ...metric, sum: 0 }));
  const perQuery = new Map<string, number>();
  for (const [query, ranking] of rankings) {
    const known = relevance.get(query);
    if (known === undefined || known.size === 0) continue;
    const judged = judge(query, ranking, known);
    for (const metric of sums) {
      const value = metric.of(judged);
      metric.sum += value;
      if (metric.name === wanted) perQuery.set(query, value);
    }
  }
  if (perQuery.size === 0) {
    throw new LongEmbedError(
      'ERR_INPUT_EMPTY',
      `None of the ${rankings.size} ranked queries has a judged document: there is nothing to score.`,
    );
  }
  return { mean: Object.fromEntries(sums.map(({ name, sum }) => [name, sum / perQuery.size])), perQuery };
}
