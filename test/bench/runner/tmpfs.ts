import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Why no small disk can be had here: file systems are mounted on Linux, and by root. null: it can. */
export const noTmpfs = ((): string | null => {
  if (process.platform !== 'linux') return 'only on Linux';
  if (process.getuid?.() !== 0) return 'only as root';
  const folder = mkdtempSync(join(tmpdir(), 'longembed-tmpfs-'));
  if (mount(folder, 'size=1m') !== 0) return 'mounting is not allowed here';
  unmount(folder);
  return null;
})();

/** A disk of so many bytes that is gone after the test. */
export function tmpfs(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-tmpfs-'));
  if (mount(folder, `size=${bytes}`) !== 0) throw new Error(`tmpfs could not be mounted on ${folder}`);
  onTestFinished(() => unmount(folder));
  return folder;
}

/** From now on nothing can be written there. */
export function makeReadOnly(folder: string): void {
  if (mount(folder, 'remount,ro') !== 0) throw new Error(`${folder} could not be made read-only`);
}

function mount(folder: string, options: string): number | null {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status;
}

function unmount(folder: string): void {
  spawnSync('umount', ['--lazy', folder]);
}
