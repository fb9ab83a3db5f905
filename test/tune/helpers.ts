/** What the tests of tuning share: pairs that a tiny model can learn. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import words from '../../models/random/words.json' with { type: 'json' };

export const folder = mkdtempSync(join(tmpdir(), 'longembed-tune-'));

let files = 0;

/** A path where nothing is yet. */
export function newPath(ending: string): string {
  return join(folder, `${(files += 1)}${ending}`);
}

/** Some words, the same for the same number. */
export function sentence(number: number, count: number): string {
  let state = (number * 2654435761) >>> 0;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  return Array.from({ length: count }, () => words[(next() >>> 8) % words.length]).join(' ');
}

export interface WrittenPair {
  query: string;
  positive: string;
  negatives?: string[];
}

/** A positive is its query's words and some more. */
export function somePairs(count: number, first = 0): WrittenPair[] {
  return Array.from({ length: count }, (_, i) => {
    const query = sentence(first + i, 5);
    const positive = `${sentence(1000 + first + i, 8)} ${query}`;
    return i % 3 === 0
      ? { query, positive, negatives: [sentence(2000 + first + i, 10)] }
      : { query, positive };
  });
}

/** Writes lines: pairs, or text as it is. */
export function pairsFile(lines: readonly (WrittenPair | string)[]): string {
  const path = newPath('.jsonl');
  writeFileSync(
    path,
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  return path;
}
