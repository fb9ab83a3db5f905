import { taskOf } from '../../tasks/index.js';
import { mainScore } from '../lookup.js';
import type { SplitResult, TaskDataResult, TaskResult } from '../results.js';
import { datasetRevision } from './published.js';

/**
 * The release of mteb whose file format, names and rules of scoring these files follow; test/oracle/check_mteb.py loads them
 * with it. run_settings.jsonl says what really computed them.
 */
export const MTEB_VERSION = '2.26.24';

/**
 * A task's result as mteb's `TaskResult.to_disk` writes it. nAUC and the hit rates beyond the first are left out: no results
 * of ours have them.
 * @param seconds what the evaluation took; null: not known
 */
export function mtebTaskResult(
  result: TaskResult,
  data: TaskDataResult,
  limit: number | null,
  seconds: number | null,
): object {
  return {
    dataset_revision: datasetRevision(data, limit),
    task_name: taskOf(result.task).mtebName,
    mteb_version: MTEB_VERSION,
    scores: Object.fromEntries(
      result.splits.map((split) => [
        split.name,
        [
          {
            ...metrics(split),
            // MTEB's main score of the synthetic tasks is nDCG@1: the same as Acc@1 where a query has one answer.
            main_score: rounded(mainScore(result, split)),
            hf_subset: 'default',
            languages: ['eng-Latn'],
            mteb_version: MTEB_VERSION,
          },
        ],
      ]),
    ),
    evaluation_time: seconds,
    kg_co2_emissions: null,
    date: null,
    evaluation_phases: null,
  };
}

/** By mteb's names: Acc@1 is its hit rate at 1, and its accuracy is the recall at 1. */
function metrics({ scores }: SplitResult): Record<string, number> {
  const { accuracy_at_1: hitRate, ...same } = scores;
  const named = { ...same, hit_rate_at_1: hitRate, accuracy: scores['recall_at_1'] };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, score]) => (score === undefined ? [] : [[name, rounded(score)]])),
  );
}

/** To mteb's decimals. */
function rounded(score: number, decimals = 5): number {
  return Number(score.toFixed(decimals));
}
