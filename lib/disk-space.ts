import { statfsSync } from 'node:fs';

/** Free bytes of a folder's disk; Infinity if the file system does not report them. @throws the system's error */
export function freeBytes(folder: string): number {
  const { bavail, bsize, blocks } = statfsSync(folder);
  // Some network and virtual file systems report 0 blocks.
  return blocks === 0 ? Infinity : bavail * bsize;
}
