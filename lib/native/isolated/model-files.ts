import { statSync, type Stats } from 'node:fs';

/** The name of the first part of a split model, as llama.cpp writes it. */
const FIRST_PART = /-00001-of-(\d{5})\.gguf$/;

/**
 * What tells whether a model's files are still the same: for each its size and when it was last changed.
 * @param path of the file, of its first part where the model is split
 */
export function stampOf(path: string): string {
  return partsOf(path)
    .map((part) => {
      const stats = statsOf(part);
      return stats === null ? 'none' : `${stats.size}@${stats.mtimeMs}`;
    })
    .join();
}

/** Whether there is a file; what else may be wrong with it is for the loader to say. */
export function isThere(path: string): boolean {
  return statsOf(path) !== null;
}

function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function partsOf(path: string): string[] {
  const count = Number(FIRST_PART.exec(path)?.[1] ?? 1);
  return Array.from({ length: count }, (_, index) =>
    path.replace(
      FIRST_PART,
      (_first, all: string) => `-${String(index + 1).padStart(5, '0')}-of-${all}.gguf`,
    ),
  );
}
