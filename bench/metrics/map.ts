import { isRelevant, type Judged } from './judged.js';

/**
 * Average precision of the first `cut` documents as trec_eval's map_cut: the sum of the precision at the rank of each relevant
 * document that was found, over all relevant documents, also when they are more than `cut`. Its mean over queries is MAP.
 * 0 when none is relevant.
 * @returns 0 to 1
 */
export function averagePrecision({ grades, relevant }: Judged, cut: number): number {
  let found = 0;
  let sum = 0;
  for (const [index, grade] of grades.slice(0, cut).entries()) {
    if (isRelevant(grade)) sum += ++found / (index + 1);
  }
  return relevant === 0 ? 0 : sum / relevant;
}
