/** Learns byte-pair merges from a list of words, the same on every machine. */
import { COMMON_WORDS } from './words.js';

/** Words as sentences begin with them, so that capitals have pieces too. */
const EXTRA_WORDS = [
  'The',
  'I',
  'And',
  'It',
  'But',
  'We',
  'So',
  'In',
  'This',
  'That',
  'Yeah',
  'What',
  'If',
  'You',
];

/** Two pieces that become one. */
export type Merge = readonly [left: string, right: string];

/** A word as the pieces it is made of so far, and how often it counts. */
interface Word {
  pieces: string[];
  weight: number;
}

/**
 * Up to `count` merges, the most frequent pair first; fewer where every word has become one piece.
 *
 * @param space the character that stands for the space before a word
 */
export function learnMerges(count: number, space: string): Merge[] {
  const list = [...COMMON_WORDS.slice(0, 40), ...EXTRA_WORDS, ...COMMON_WORDS.slice(40)];
  // Frequencies of words fall with their rank (Zipf); whole numbers keep the order the same on every machine.
  const table: Word[] = list.map((word, rank) => ({
    pieces: Array.from(space + word),
    weight: Math.floor(1_000_000 / (rank + 10)),
  }));
  const merges: Merge[] = [];
  while (merges.length < count) {
    const best = mostFrequentPair(table);
    if (best === null) break;
    merges.push(best);
    for (const word of table) word.pieces = merge(word.pieces, best);
  }
  return merges;
}

function mostFrequentPair(table: readonly Word[]): Merge | null {
  const weights = new Map<string, number>();
  for (const { pieces, weight } of table) {
    for (let i = 0; i + 1 < pieces.length; i += 1) {
      const pair = `${pieces[i] ?? ''} ${pieces[i + 1] ?? ''}`;
      weights.set(pair, (weights.get(pair) ?? 0) + weight);
    }
  }
  let best: string | null = null;
  let highest = 0;
  for (const [pair, weight] of weights) {
    if (weight > highest || (weight === highest && best !== null && pair < best)) {
      best = pair;
      highest = weight;
    }
  }
  if (best === null) return null;
  const [left = '', right = ''] = best.split(' ');
  return [left, right];
}

function merge(pieces: readonly string[], [left, right]: Merge): string[] {
  const merged: string[] = [];
  for (let i = 0; i < pieces.length; i += 1) {
    const piece = pieces[i] ?? '';
    if (piece === left && pieces[i + 1] === right) {
      merged.push(left + right);
      i += 1;
    } else {
      merged.push(piece);
    }
  }
  return merged;
}
