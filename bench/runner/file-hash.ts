import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { LongEmbedError } from '../../lib/error.js';
import { keyOf } from './cache/keys.js';
import type { Store } from './cache/store.js';

/** llama.cpp's name of the first part of a model in several files. */
const FIRST_PART = /-00001-of-(\d{5})\.gguf$/;

/** A model's files in order: one, or the parts of a split model. */
export function modelFiles(path: string): string[] {
  const count = Number(FIRST_PART.exec(path)?.[1] ?? 1);
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? path : path.replace(FIRST_PART, `-${String(i + 1).padStart(5, '0')}-of-$1.gguf`),
  );
}

/**
 * SHA-256 of the content of files, one after the other, in hex. It is kept, so that a file that has not changed, by its
 * size, time and inode, is not read again.
 * @param onProgress called with the part that is read, 0 to 1
 * @throws LongEmbedError ERR_MODEL_NOT_FOUND when a file cannot be read; the signal's reason
 */
export async function contentSha256(
  files: readonly string[],
  store: Store,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<string> {
  const facts = await Promise.all(files.map(fileFacts));
  const key = keyOf('file', ...facts.map(({ identity }) => identity));
  const kept = store.get(key);
  if (kept !== null) return kept.toString('hex');

  const total = facts.reduce((sum, { size }) => sum + size, 0);
  const hash = createHash('sha256');
  let read = 0;
  for (const file of files) {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20, signal })) {
      hash.update(piece as Buffer);
      read += (piece as Buffer).length;
      onProgress(read / total);
    }
  }
  const digest = hash.digest();
  store.put(key, digest);
  return digest.toString('hex');
}

async function fileFacts(path: string): Promise<{ identity: string; size: number }> {
  try {
    const real = await realpath(path);
    const { size, mtimeNs, ino } = await stat(real, { bigint: true });
    return { identity: [real, size, mtimeNs, ino].join('\n'), size: Number(size) };
  } catch (error) {
    throw new LongEmbedError(
      'ERR_MODEL_NOT_FOUND',
      `The model's file ${path} cannot be read: look at its name.`,
      {
        cause: error,
      },
    );
  }
}
