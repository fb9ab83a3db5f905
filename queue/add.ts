import type { ShardJob, ShardQueue } from './broker.js';
import { type JobData, jobId } from './work.js';

/** Jobs that go to the queue in one call. */
const AT_ONCE = 500;

/**
 * Adds the shards of a run to a queue. Those that are there already, in whatever state, are left as they are.
 * @returns how many are new
 */
export async function addJobs(
  queue: ShardQueue,
  data: Omit<JobData, 'shard' | 'bytes'>,
  shards: number,
  bytes: number,
): Promise<number> {
  let added = 0;
  for (let first = 0; first < shards; first += AT_ONCE) {
    const jobs = Array.from({ length: Math.min(AT_ONCE, shards - first) }, (_, i) => {
      const job = { ...data, shard: { index: first + i, count: shards }, bytes: Math.round(bytes / shards) };
      return { name: 'shard', data: job, opts: { jobId: jobId(job) } };
    });
    const before = await Promise.all(jobs.map(({ opts }) => queue.getJob(opts.jobId)));
    await queue.addBulk(jobs);
    added += before.filter((job) => job === undefined).length;
  }
  return added;
}

/**
 * Gives a job that failed to the workers again, as if it had never been tried.
 * @throws Error of BullMQ when it is no longer there
 */
export async function retryJob(queue: ShardQueue, job: ShardJob): Promise<void> {
  if (job.stalledCounter === 0) {
    await job.retry('failed', { resetAttemptsMade: true });
    return;
  }
  // BullMQ keeps the number of workers that died of a job for as long as there is the job: the next death would fail it at once.
  const { id, name, data } = job;
  await job.remove();
  await queue.add(name, data, { jobId: id as string });
}
