/** Which data MTEB's tasks are, and whether ours are the same. */
import { createHash } from 'node:crypto';
import type { TaskName } from '../../tasks/task.js';
import type { TaskDataResult } from '../results.js';

interface Published {
  /** The revision of the data set on the hub that MTEB pins for the task. */
  readonly revision: string;
  /** Of each split (paper, Table 1). */
  readonly documents: number;
  readonly queries: number;
}

/** dwzhu/LongEmbed, the data of the paper's authors. */
const LONGEMBED = '6e346642246bfb4928c560ee08640dc84d074e8c';

const PUBLISHED: Readonly<Record<TaskName, Published>> = {
  // MTEB's own copy of the authors' data: mteb/LEMBPasskeyRetrieval.
  passkey: { revision: '86ac5a6437198a94ecd666440c78b3e78f258274', documents: 100, queries: 50 },
  needle: { revision: LONGEMBED, documents: 100, queries: 50 },
  narrativeqa: { revision: LONGEMBED, documents: 355, queries: 10_449 },
  qmsum: { revision: LONGEMBED, documents: 197, queries: 1527 },
  summ_screen_fd: { revision: LONGEMBED, documents: 336, queries: 336 },
  '2wikimqa': { revision: LONGEMBED, documents: 300, queries: 300 },
};

/**
 * What a result file says of its data. The published revision only where the data can be the published ones: not generated,
 * not limited, as many documents and queries. Else the data's own SHA-256, so that nobody takes the scores for those of
 * the published task: MTEB merges results only of equal revisions.
 * @param limit `limit` of results.json
 */
export function datasetRevision({ task, origin, splits }: TaskDataResult, limit: number | null): string {
  const published = PUBLISHED[task];
  const isComplete = splits.every(
    ({ documents, queries }) => documents === published.documents && queries === published.queries,
  );
  if (limit === null && isComplete && !origin.startsWith('generated')) return published.revision;
  const hashes = splits.map(({ name, sha256 }) => `${name} ${sha256}\n`).join('');
  return `sha256-${createHash('sha256').update(hashes).digest('hex')}`;
}
