import { relevantFound, type Judged } from './judged.js';

/**
 * The share of relevant documents among the first `cut`, as trec_eval's P: of `cut`, also when fewer documents were found.
 * @returns 0 to 1
 */
export function precision(judged: Judged, cut: number): number {
  return relevantFound(judged, cut) / cut;
}
