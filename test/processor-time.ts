/** Measurements that other programs on the machine do not change. */
import { existsSync, readFileSync } from 'node:fs';

/** Runs something and gives the processor time that this process took meanwhile, all its threads together, in ms. */
export async function processorMsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Processor time of {@link countSubstrings} on a core of an AMD EPYC (Zen 3) at rest, in ms. */
const COUNTING_AT_REST_MS = 3.25;

/** Work of the kind that a tokenizer does: strings that are cut, looked up and counted. */
function countSubstrings(): void {
  const text = 'the quick brown fox jumps over a lazy dog and 12 others, '.repeat(1_000);
  const counts = new Map<string, number>();
  for (let i = 0; i + 4 < text.length; i++) {
    const part = text.slice(i, i + 4);
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
}

/**
 * The processor time, in ms, that something takes on a core at rest: the median of several runs, each scaled by the time of a fixed piece
 * of work. On a virtual machine whose host is busy, the same work takes up to twice as much processor time for minutes.
 */
export async function processorMsAtRest(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 21; i++) {
    const counting = await processorMsOf(() => {
      countSubstrings();
      return Promise.resolve();
    });
    times.push((await processorMsOf(work)) * (COUNTING_AT_REST_MS / counting));
  }
  return times.sort((a, b) => a - b)[10] ?? Infinity;
}

/** Time between two looks at the event loop, in ms. */
const INTERVAL_MS = 5;

/**
 * Runs something and gives the longest time, in ms, for which the event loop was not reached meanwhile. On Linux, the time in
 * which the main thread was ready to run and the system ran others does not count.
 */
export async function longestBlockMsOf(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = unpreemptedMs();
  const look = (): void => {
    const now = unpreemptedMs();
    longest = Math.max(longest, now - last - INTERVAL_MS);
    last = now;
  };
  const timer = setInterval(look, INTERVAL_MS);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return longest;
}

/** A clock that stands still while the main thread waits for a processor. */
function unpreemptedMs(): number {
  return performance.now() - waitedMs();
}

/** The kernel's account of the main thread: ns on a processor, ns of waiting for one, turns. */
const ACCOUNT = `/proc/self/task/${process.pid}/schedstat`;
const hasAccount = existsSync(ACCOUNT);

function waitedMs(): number {
  if (!hasAccount) return 0;
  const [, waited] = readFileSync(ACCOUNT, 'utf8').split(' ');
  return Number(waited) / 1e6;
}
