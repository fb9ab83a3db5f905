/** Needles in haystacks. Texts are measured in words, because every model tokenizes them differently. */
import type { Random } from '../../random.js';

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

/**
 * Hides a needle between the sentences of a filler, or before or after all of them, all places equally likely (paper §3.2).
 * @param filler an endless sequence of sentences, used while they fit
 * @param budget maximum number of words of the result
 */
export function hide(needle: string, filler: Iterable<string>, budget: number, random: Random): string {
  const sentences: string[] = [];
  let left = budget - wordCount(needle);
  for (const sentence of filler) {
    left -= wordCount(sentence);
    if (left < 0) break;
    sentences.push(sentence);
  }
  sentences.splice(random.below(sentences.length + 1), 0, needle);
  return sentences.join(' ');
}
