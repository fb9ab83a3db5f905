import { mean } from '../numbers.js';
import type { DepthResult } from '../results/results.js';

/** Parts of equal size that a document has for scores by depth. With 50 queries a length, ten queries fall into each. */
const PARTS = 5;

/**
 * The scores of queries by where the facts stand that answer them.
 * @param scores query id → score, 0 to 1
 * @param depths query id → depth, 0 to 1
 */
export function scoresByDepth(
  scores: ReadonlyMap<string, number>,
  depths: ReadonlyMap<string, number>,
): DepthResult[] {
  const parts = Array.from({ length: PARTS }, (): number[] => []);
  for (const [query, score] of scores) {
    const depth = depths.get(query);
    if (depth !== undefined) parts[Math.min(PARTS - 1, Math.floor(depth * PARTS))]?.push(score);
  }
  return parts.map((own, i) => ({
    from: i / PARTS,
    to: (i + 1) / PARTS,
    queries: own.length,
    score: own.length === 0 ? null : mean(own),
  }));
}
