/** The words of an English text, as bm25s (version 0.2 on PyPI) splits it with the settings of MTEB's BM25 baseline. */

/** Runs of at least two letters, digits or underscores: Python's `\b\w\w+\b`. */
const WORD = /[\p{L}\p{N}_]{2,}/gu;

/** The words that Lucene leaves out of English texts. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to ' +
    'was will with'
  ).split(' '),
);

/** Words in lower case and in order, without stop words; not stemmed. */
export function* wordsOf(text: string): Generator<string, undefined, undefined> {
  for (const [word] of text.toLowerCase().matchAll(WORD)) {
    if (!STOP_WORDS.has(word)) yield word;
  }
}
