import { statfsSync } from 'node:fs';
import { LongEmbedError } from '../../lib/error.js';

/** Room for what is not vectors, in bytes. */
const MARGIN = 16e6;

/** Bytes that may still be written to a folder's disk; Infinity where the file system does not say. */
export function freeBytes(folder: string): number {
  const { bavail, bsize, blocks } = statfsSync(folder);
  // Some network and virtual file systems.
  return blocks === 0 ? Infinity : bavail * bsize;
}

/**
 * Refuses to begin what certainly cannot end.
 * @param bytes of the vectors that are to be stored
 * @throws LongEmbedError ERR_INVALID_OPTION when the cache's disk has less room than that
 */
export function checkDiskSpace(folder: string, bytes: number): void {
  const free = freeBytes(folder);
  if (bytes === 0 || free >= bytes + MARGIN) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The cache in ${folder} needs room for ${megabytes(bytes + MARGIN)} of embeddings, and its disk has ${megabytes(free)} left: ` +
      'make room, or give a --cache on another disk.',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
