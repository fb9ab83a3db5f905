import { createHash } from 'node:crypto';
import { taskOf } from '../../tasks/index.js';
import type { TaskDataResult } from '../results.js';

/**
 * What a result file says of its data. The published revision only where the data can be the published ones: not generated,
 * not limited, as many documents and queries. Else the data's own SHA-256, so that nobody takes the scores for those of
 * the published task: MTEB merges results only of equal revisions.
 * @param limit `limit` of results.json
 */
export function datasetRevision({ task, origin, splits }: TaskDataResult, limit: number | null): string {
  const { published } = taskOf(task);
  const isComplete = splits.every(
    ({ documents, queries }) => documents === published.documents && queries === published.queries,
  );
  if (limit === null && isComplete && !origin.startsWith('generated')) return published.revision;
  const hashes = splits.map(({ name, sha256 }) => `${name} ${sha256}\n`).join('');
  return `sha256-${createHash('sha256').update(hashes).digest('hex')}`;
}
