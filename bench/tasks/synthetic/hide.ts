import type { Random } from './random.js';
import { wordCount } from './words.js';

/**
 * Hides a needle between the sentences of a filler, or before or after them all, each place as likely (paper §3.2).
 * @param filler sentences without end; as many are taken as fit
 * @param budget most words of the whole
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
