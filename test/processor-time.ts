/** Measurements that other programs on the machine do not change. */
import { existsSync, readFileSync } from 'node:fs';

/** Runs something and gives the processor time that this process took meanwhile, all its threads together, in ms. */
export async function processorMsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
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
