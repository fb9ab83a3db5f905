/**
 * A thousand workers at one queue, with failures: the real engine and the real settings of `longembed worker` (broker.ts), and in
 * place of a shard's work a wait. Time runs faster by a factor, for shards and for the time after which a silent worker is taken for
 * dead alike.
 *
 *   npx tsx test/queue/simulation.ts --queue redis://127.0.0.1:6379 [--workers 1000] [--shards 3000] [--processes 4] [--factor 10]
 *
 * A worker takes a shard of 60 s at a speed of its own, half to twice the usual. One shard in ten ends with its worker's death, as by
 * kill -9: no word, no sign of life; another worker starts in its place 30 s later. One in a hundred fails once and is tried again. One
 * shard kills every worker that takes it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addJobs } from '../../queue/add.js';
import { Broker, type JobResult, type ShardJob, type ShardWorker } from '../../queue/broker.js';
import { Random } from '../../lib/random.js';

const { values } = parseArgs({
  options: {
    queue: { type: 'string' },
    workers: { type: 'string', default: '1000' },
    shards: { type: 'string', default: '3000' },
    processes: { type: 'string', default: '4' },
    factor: { type: 'string', default: '10' },
    name: { type: 'string', default: `simulation-${Date.now()}` },
    process: { type: 'string' },
  },
});

const SHARD_S = 60;
const SILENCE_S = 60;
const RESTART_S = 30;
const DEATHS = 0.1;
const FAILURES = 0.01;
const POISON = 0;
const FACTOR = Number(values.factor);
const WORKERS = Number(values.workers);
const SHARDS = Number(values.shards);
const PROCESSES = Number(values.processes);

/** What a process of workers tells. */
type Word = { readonly kind: 'done' | 'death' | 'failure'; readonly shard: number };

const NOTHING = { documents: 0, failed: 0, truncated: 0, rows: 0, tokens: 0 };

const speedOf = (worker: number): number => 2 ** ((Random.of('speed', worker).uint32() / 2 ** 32) * 2 - 1);

/** What happens at an attempt at a shard, the same in every run. */
function fateOf(shard: number, attempt: number): 'death' | 'failure' | 'done' {
  if (shard === POISON) return 'death';
  if (attempt > 0) return 'done';
  const chance = Random.of('fate', shard).uint32() / 2 ** 32;
  return chance < DEATHS ? 'death' : chance < DEATHS + FAILURES ? 'failure' : 'done';
}

/** A process's share of the workers, each replaced when it dies. */
async function workHere(url: string, number: number): Promise<void> {
  const broker = await Broker.open(url, values.name);
  const tell = (word: Word): void => void process.send?.(word);
  const start = (index: number): void => {
    const speed = speedOf(index);
    let worker: ShardWorker | null = null;
    const take = async ({ data, attemptsMade, stalledCounter }: ShardJob): Promise<JobResult> => {
      const { index: shard } = data.shard;
      const fate = fateOf(shard, attemptsMade + stalledCounter);
      const seconds = SHARD_S / speed / FACTOR;
      await sleep(seconds * 1000 * (fate === 'done' ? 1 : 0.5));
      tell({ kind: fate, shard });
      if (fate === 'done') return { ...NOTHING, seconds };
      if (fate === 'failure') throw new Error('a failure');
      // its connections end with it, and nobody says goodbye
      void worker?.disconnect().catch(() => undefined);
      void sleep((RESTART_S * 1000) / FACTOR).then(() => start(index));
      return new Promise(() => undefined);
    };
    worker = broker.worker(take, (SILENCE_S * 1000) / FACTOR);
    worker.on('error', () => undefined);
  };
  for (let index = number; index < WORKERS; index += PROCESSES) start(index);
  await once(process, 'message');
  process.exit(0);
}

async function simulate(url: string): Promise<void> {
  const broker = await Broker.open(url, values.name);
  const queue = await broker.queue();
  const added = performance.now();
  await addJobs(queue, { folder: '/simulation', workSha256: values.name }, SHARDS, SHARDS * 1e6);
  console.log(`${SHARDS} jobs added in ${((performance.now() - added) / 1000).toFixed(1)} s`);

  const told = { done: 0, death: 0, failure: 0 };
  const doneBy = new Map<number, number>();
  const begin = performance.now();
  const children = Array.from({ length: PROCESSES }, (_, number): ChildProcess => {
    const args = [...process.argv.slice(2), '--name', values.name, '--process', String(number)];
    const child = fork(fileURLToPath(import.meta.url), args);
    child.on('message', ({ kind, shard }: Word) => {
      told[kind] += 1;
      if (kind === 'done') doneBy.set(shard, (doneBy.get(shard) ?? 0) + 1);
    });
    return child;
  });
  let latest = performance.now();
  for (;;) {
    await sleep(1000);
    const left = await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized');
    if (left === 0) break;
    if (left > 1 || doneBy.size < SHARDS - 1) latest = performance.now();
  }
  const [whole, all] = [(latest - begin) / 1000, (performance.now() - begin) / 1000];
  const counts = await queue.getJobCounts('completed', 'failed');
  for (const child of children) child.send('end');

  const speed = Array.from({ length: WORKERS }, (_, i) => speedOf(i)).reduce((sum, each) => sum + each);
  const twice = [...doneBy.values()].filter((times) => times > 1).length;
  const seconds = (time: number): string => `${(time * FACTOR).toFixed(0)} s`;
  console.log(
    `${WORKERS} workers, ${SHARDS} shards: ${counts['completed']} completed, ${counts['failed']} failed; done twice: ${twice}; ` +
      `deaths ${told.death}, failures ${told.failure}`,
  );
  console.log(
    `last shard but the deadly one after ${seconds(whole)}, the queue empty after ${seconds(all)}; ` +
      `the work alone, shared evenly: ${seconds((SHARDS * SHARD_S) / speed / FACTOR)}`,
  );
  await queue.close();
}

if (values.queue === undefined) throw new Error('--queue is missing');
if (values.process === undefined) await simulate(values.queue);
else await workHere(values.queue, Number(values.process));
