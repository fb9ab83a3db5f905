import { statfs } from 'node:fs/promises';
import { LongEmbedError } from '../../lib/error.js';

/** Room for what is not vectors, in bytes. */
const MARGIN = 16e6;

/**
 * Refuses to begin what certainly cannot end.
 * @param bytes of the vectors that are to be stored
 * @throws LongEmbedError ERR_INVALID_OPTION when the cache's disk has less room than that
 */
export async function checkDiskSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  // Some network and virtual file systems do not say.
  if (blocks === 0 || bytes === 0) return;
  const free = bavail * bsize;
  if (free >= bytes + MARGIN) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The cache in ${folder} needs room for ${megabytes(bytes + MARGIN)} of embeddings, and its disk has ${megabytes(free)} left: ` +
      'make room, or give a --cache on another disk.',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
