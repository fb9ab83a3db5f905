import { createHash } from 'node:crypto';
import { createReadStream, statSync, type Stats } from 'node:fs';

/** llama.cpp's name of the first part of a split model. */
const FIRST_PART = /-00001-of-(\d{5})\.gguf$/;

/** A model's files in order: one, or the parts of a split model. @param path of the file or of its first part */
export function modelFiles(path: string): string[] {
  const count = Number(FIRST_PART.exec(path)?.[1] ?? 1);
  return Array.from({ length: count }, (_, index) =>
    path.replace(
      FIRST_PART,
      (_first, all: string) => `-${String(index + 1).padStart(5, '0')}-of-${all}.gguf`,
    ),
  );
}

/**
 * A fingerprint that changes when a model's files are replaced: the size and modification time of each.
 * @param path of the file or of its first part
 */
export function fingerprint(path: string): string {
  return modelFiles(path)
    .map((part) => {
      const stats = statsOf(part);
      return stats === null ? 'none' : `${stats.size}@${stats.mtimeMs}`;
    })
    .join();
}

/**
 * SHA-256 of the concatenated content of files.
 * @param onBytes called with the bytes read so far
 * @throws the system's error, or the signal's reason
 */
export async function filesSha256(
  files: readonly string[],
  signal: AbortSignal | null,
  onBytes: (done: number) => void = () => undefined,
): Promise<Buffer> {
  const hash = createHash('sha256');
  let read = 0;
  for (const file of files) {
    for await (const piece of createReadStream(file, {
      highWaterMark: 1 << 20,
      ...(signal !== null && { signal }),
    })) {
      hash.update(piece as Buffer);
      read += (piece as Buffer).length;
      onBytes(read);
    }
  }
  return hash.digest();
}

/** Whether there is a file; the loader reports anything else that is wrong with it. */
export function exists(path: string): boolean {
  return statsOf(path) !== null;
}

function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
