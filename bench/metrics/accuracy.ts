import { precision } from './precision.js';
import type { Judged } from './judged.js';

/**
 * 1 when the first document is relevant, else 0: the paper's Acc@1 (arXiv 2404.12096 §3), trec_eval's success_1.
 * @returns 0 or 1
 */
export function accuracyAt1(judged: Judged): number {
  return precision(judged, 1);
}
