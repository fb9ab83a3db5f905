/** Threads by default: as many as the process may use at once, which a container limits by a quota of CPU time. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./threads.mjs', import.meta.url));
const PERIOD_US = 100_000;

/** A control group of this test and one below it, in which processes run; null where none can be made. */
const group = ((): { limit: (quota: number) => void; inner: string; outer: string } | null => {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const outer = join(unified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu', `longembed-test-${process.pid}`);
  const limit = (quota: number): void => {
    if (unified) writeFileSync(join(outer, 'cpu.max'), `${quota} ${PERIOD_US}`);
    else writeFileSync(join(outer, 'cpu.cfs_quota_us'), String(quota));
  };
  const inner = join(outer, 'inner');
  try {
    mkdirSync(inner, { recursive: true });
    limit(8 * PERIOD_US);
    return { limit, inner, outer };
  } catch {
    for (const folder of [inner, outer]) if (existsSync(folder)) rmdirSync(folder);
    return null;
  }
})();
afterAll(() => {
  if (group === null) return;
  rmdirSync(group.inner);
  rmdirSync(group.outer);
});

/** @param before what the shell does before it becomes the program */
function threads(before: string): number {
  const command = `${before} exec "${process.execPath}" "${SCRIPT}"`;
  return Number(execFileSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 }));
}

it.runIf(process.platform === 'linux')('are no more than the cores of the affinity mask', () => {
  expect(threads('taskset -pc 0 $$ > /dev/null;')).toBe(1);
});

it.skipIf(group === null)(
  'are no more than the quota of a control group (where this user can make one)',
  () => {
    const free = threads('');
    const enter = `echo $$ > ${group!.inner}/cgroup.procs;`;
    for (const [processors, expected] of [
      [0.5, 1],
      [1.7, 1],
      [2.2, Math.min(free, 2)],
      [64, free],
    ] as const) {
      group!.limit(Math.round(processors * PERIOD_US));
      expect(threads(enter), `${processors} processors`).toBe(expected);
    }
  },
);
