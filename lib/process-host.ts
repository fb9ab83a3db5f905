import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let host: string | undefined;

/**
 * Names what this process shares its process numbers with: the machine or, on Linux, the container. Containers on the host's network
 * and machines of one image share a host's name, and none of them sees whether another's process runs.
 * @returns letters, digits and `_`
 */
export function processHost(): string {
  host ??= [hostname().replaceAll(/[^A-Za-z0-9]/g, '_'), ...namespaceHash()].join('_');
  return host;
}

/** Whether a process that named itself by its `processHost` and number has ended. False of one that this process cannot see. */
export function hasEnded(host: string, pid: number): boolean {
  if (host !== processHost()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it runs, and belongs to another user
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

function namespaceHash(): string[] {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    return [createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 12)];
  } catch {
    return []; // not Linux
  }
}
