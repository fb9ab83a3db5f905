/** Texts are measured in words, since every model cuts them into other tokens. */

/** Most words of a document of so many tokens: a word is taken to be 4/3 tokens (paper §3.2). */
export function wordBudget(length: number): number {
  return Math.floor(0.75 * length);
}

/** Words of a text whose words are separated by single spaces. */
export function wordCount(text: string): number {
  let words = 1;
  for (let space = text.indexOf(' '); space !== -1; space = text.indexOf(' ', space + 1)) words++;
  return words;
}
