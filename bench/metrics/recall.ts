import { relevantFound, type Judged } from './judged.js';

/**
 * The share of all relevant documents that is among the first `cut`, as trec_eval's recall. 0 when none is relevant.
 * @returns 0 to 1
 */
export function recall(judged: Judged, cut: number): number {
  return judged.relevant === 0 ? 0 : relevantFound(judged, cut) / judged.relevant;
}
