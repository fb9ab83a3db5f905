/** Why a folder cannot be used, and the free space of its disk. */
import { freeBytes } from '../../lib/disk-space.js';
import { LongEmbedError, writeFailure } from '../../lib/error.js';

/** Why a folder cannot be used: a clause. */
export function folderFailure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place' : writeFailure(error);
}

/** Space reserved for everything besides vectors. */
const MARGIN_BYTES = 16e6;

/**
 * Refuses to start a run that cannot finish.
 * @param bytes size of the vectors to store
 * @throws LongEmbedError ERR_INVALID_OPTION when the cache's disk has less free space
 */
export function checkDiskSpace(folder: string, bytes: number): void {
  const free = freeBytes(folder);
  if (bytes === 0 || free >= bytes + MARGIN_BYTES) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The cache in ${folder} needs ${megabytes(bytes + MARGIN_BYTES)} for embeddings, but its disk has only ${megabytes(free)} left: ` +
      'free some space, or give a --cache on another disk.',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
