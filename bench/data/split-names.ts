import type { Task } from '../tasks/task.js';

/** What MTEB calls the one split of a real task. */
export function realSplitName({ name }: Pick<Task, 'name'>): string {
  return name === 'summ_screen_fd' ? 'validation' : 'test';
}

/** What MTEB calls the split of a synthetic task's length in tokens: "test_256". */
export function lengthSplitName(length: number): string {
  return `test_${length}`;
}

/** The length that such a name tells; null when it tells none. */
export function lengthOfSplit(name: string | null): number | null {
  const digits = /^test_([1-9]\d*)$/.exec(name ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}
