/** The processes that compute, as the system sees them. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

/** Those that a process has started and that are alive. */
export function engineProcesses(parent = process.pid): number[] {
  return allEngineProcesses().flatMap(({ pid, ppid }) => (ppid === parent ? [pid] : []));
}

/** Whether a process computes, whoever its parent is now: an orphan gets another. */
export function computes(pid: number): boolean {
  return allEngineProcesses().some((process) => process.pid === pid);
}

function allEngineProcesses(): { pid: number; ppid: number }[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state, ...args]) => state?.startsWith('Z') === false && isEngine(args))
    .map(([pid, ppid]) => ({ pid: Number(pid), ppid: Number(ppid) }));
}

function isEngine(args: readonly string[]): boolean {
  return args.some((arg) => /(isolated[\\/]child\.[jt]s|fake-child\.mjs)$/.test(arg));
}

/** The one process of a test that has one model. */
export function onlyEngine(): number {
  const [pid, ...others] = engineProcesses();
  expect(others).toEqual([]);
  expect(pid).toBeDefined();
  return pid!;
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  process.kill(pid, signal);
}

/** Waits until something is so; a test that waits for ever fails by its time limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}
