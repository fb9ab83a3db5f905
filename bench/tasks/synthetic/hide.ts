/** Needles in haystacks. Texts are measured in words, because every model tokenizes them differently. */
import { sum } from '../../numbers.js';
import type { Random } from '../../../lib/random.js';

/** Maximum number of words of a document of `length` tokens: a word counts as 4/3 tokens (paper §3.2). */
export function wordBudget(length: number): number {
  return Math.floor(0.75 * length);
}

/** Number of words of a text whose words are separated by single spaces. */
export function wordCount(text: string): number {
  let words = 1;
  for (let space = text.indexOf(' '); space !== -1; space = text.indexOf(' ', space + 1)) words++;
  return words;
}

/** A text with a needle. */
export interface Hidden {
  readonly text: string;
  /** Where the needle stands: the share of the filler's characters before it, from 0 (first) to 1 (last). */
  readonly depth: number;
}

/**
 * Hides a needle between the sentences of a filler, or before or after all of them, all places equally likely (paper §3.2).
 * @param filler an endless sequence of sentences, used while they fit
 * @param budget maximum number of words of the result
 */
export function hide(needle: string, filler: Iterable<string>, budget: number, random: Random): Hidden {
  const sentences: string[] = [];
  let left = budget - wordCount(needle);
  for (const sentence of filler) {
    left -= wordCount(sentence);
    if (left < 0) break;
    sentences.push(sentence);
  }
  const place = random.below(sentences.length + 1);
  const before = sum(sentences.slice(0, place).map(({ length }) => length));
  const all = sum(sentences.map(({ length }) => length));
  sentences.splice(place, 0, needle);
  return { text: sentences.join(' '), depth: all === 0 ? 0 : before / all };
}
