import { failureOf, type ShardJob, type ShardQueue } from './broker.js';
import type { RunProgress } from './run-metrics.js';
import type { Counts } from './manifest.js';
import { shardName } from './shard.js';
import { jobDataOf } from './work.js';

/** How far the jobs of a queue are. */
export interface QueueStatus {
  /** Jobs that wait, also for a further attempt; that are being done; that are done; that failed for good. */
  readonly jobs: { waiting: number; active: number; done: number; failed: number };
  /** Of the jobs that are done. */
  readonly counts: Omit<Counts, 'rows'>;
  readonly active: readonly ({ readonly shard: string } & RunProgress)[];
  readonly failures: readonly Failure[];
  /** Of all workers together; null: nothing is done yet. */
  readonly tokensPerSecond: number | null;
  /** null: it cannot be estimated. */
  readonly secondsLeft: number | null;
}

/** A job that failed; null: another program put it into the queue. */
export interface Failure {
  readonly shard: string | null;
  readonly folder: string | null;
  readonly reason: string;
}

/** Jobs that are read from the queue in one call. */
const PAGE = 500;
/** Failed jobs that are named. */
const NAMED = 20;

export async function statusOf(queue: ShardQueue): Promise<QueueStatus> {
  const jobs = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'completed', 'failed');
  const of = (...states: string[]): number => states.reduce((sum, state) => sum + (jobs[state] ?? 0), 0);
  const counts = { documents: 0, failed: 0, truncated: 0, tokens: 0 };
  let [bytes, began, ended] = [0, Infinity, 0];
  for await (const job of jobsOf(queue, 'completed')) {
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] += job.returnvalue[key];
    bytes += job.data.bytes;
    began = Math.min(began, job.processedOn ?? Infinity);
    ended = Math.max(ended, job.finishedOn ?? 0);
  }
  const active = [];
  let bytesLeft = 0;
  for await (const job of jobsOf(queue, 'active')) {
    const progress = (typeof job.progress === 'object' ? job.progress : NONE) as RunProgress;
    active.push({ shard: shardName(job.data.shard), ...progress });
    bytesLeft += job.data.bytes * (1 - progress.fraction);
  }
  for (const state of ['waiting', 'delayed', 'prioritized'] as const) {
    for await (const job of jobsOf(queue, state)) bytesLeft += job.data.bytes;
  }
  const failures = [];
  for (const job of (await queue.getJobs(['failed'], 0, NAMED - 1)) as (ShardJob | undefined)[]) {
    if (job === undefined) continue;
    const data = jobDataOf(job.data);
    const shard = data === null ? null : shardName(data.shard);
    failures.push({ shard, folder: data?.folder ?? null, reason: failureOf(job.failedReason) });
  }
  const seconds = (ended - began) / 1000;
  const hasSpeed = seconds > 0 && bytes > 0;
  return {
    jobs: {
      waiting: of('waiting', 'delayed', 'prioritized'),
      active: of('active'),
      done: of('completed'),
      failed: of('failed'),
    },
    counts,
    active,
    failures,
    tokensPerSecond: hasSpeed ? counts.tokens / seconds : null,
    secondsLeft: hasSpeed ? (bytesLeft / bytes) * seconds : null,
  };
}

const NONE: RunProgress = {
  fraction: 0,
  documents: 0,
  failed: 0,
  tokens: 0,
  tokensPerSecond: 0,
  secondsLeft: null,
};

/** The shards in a state; a job that another program put into the queue is none. */
async function* jobsOf(
  queue: ShardQueue,
  state: 'completed' | 'active' | 'waiting' | 'delayed' | 'prioritized',
): AsyncGenerator<ShardJob> {
  for (let first = 0; ; first += PAGE) {
    const jobs = (await queue.getJobs([state], first, first + PAGE - 1)) as (ShardJob | undefined)[];
    for (const job of jobs) if (job !== undefined && jobDataOf(job.data) !== null) yield job;
    if (jobs.length < PAGE) return;
  }
}
