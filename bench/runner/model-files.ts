import { realpath, stat } from 'node:fs/promises';
import { LongEmbedError } from '../../lib/error.js';
import { filesSha256 } from '../../lib/model-files.js';
import { sum } from '../numbers.js';
import { isRemote } from '../remote/options.js';
import { keyOf } from './cache/entries.js';
import type { Store } from './cache/store.js';

/** @throws LongEmbedError ERR_MODEL_NOT_FOUND; ERR_INVALID_OPTION when a model is given twice */
export async function checkFiles(paths: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const real = isRemote(path)
      ? path
      : await realpath(path).catch((error: unknown) => {
          throw new LongEmbedError('ERR_MODEL_NOT_FOUND', `No such model file: ${path}. Check the path.`, {
            cause: error,
          });
        });
    const before = seen.get(real);
    if (before !== undefined) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        before === path
          ? `The model ${path} is given twice.`
          : `The models ${before} and ${path} are the same file.`,
      );
    }
    seen.set(real, path);
  }
}

/**
 * SHA-256 of the concatenated content of files, in hex. It is cached, so that a file with unchanged size, time and inode is
 * not read again.
 * @param onProgress called with the fraction read, 0 to 1
 * @throws LongEmbedError ERR_MODEL_NOT_FOUND when a file cannot be read; the signal's reason
 */
export async function contentSha256(
  files: readonly string[],
  store: Store,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<string> {
  const stats = await Promise.all(files.map(fileIdentity));
  const key = keyOf('file', ...stats.map(({ identity }) => identity));
  const kept = store.get(key);
  if (kept !== null) return kept.toString('hex');

  const total = sum(stats.map(({ size }) => size));
  const digest = await filesSha256(files, signal, (read) => onProgress(read / total));
  store.put(key, digest);
  return digest.toString('hex');
}

async function fileIdentity(path: string): Promise<{ identity: string; size: number }> {
  try {
    const real = await realpath(path);
    const { size, mtimeNs, ino } = await stat(real, { bigint: true });
    return { identity: [real, size, mtimeNs, ino].join('\n'), size: Number(size) };
  } catch (error) {
    throw new LongEmbedError(
      'ERR_MODEL_NOT_FOUND',
      `The model file ${path} cannot be read. Check the path.`,
      {
        cause: error,
      },
    );
  }
}
