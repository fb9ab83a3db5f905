/** Takes a text apart into sentences, by rules of ours: what Intl.Segmenter does depends on the version of Node. */

/** What has no end after so many words, often a listing, is cut there. */
const MOST_WORDS = 60;

const END = /[.!?…]["'”’)\]]*$/;

/** "J.", "Mr.", "e.g.": words that end in a full stop and seldom end a sentence. */
const ABBREVIATION = /^["'“‘([]*(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|vs?|cf|e\.g|i\.e)\.$/u;

/** "interface.When": two sentences between which a line break was lost. */
const JOINED = /(?<=\p{Ll}{2}[.!?])(?=\p{Lu}(?:\p{Ll}|$))/u;

/** The sentences of a text in order, with single spaces; every word of the text is in one. An empty line ends a sentence. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const paragraph of text.split(/\n\s*\n/)) {
    let begun: string[] = [];
    const end = (): void => {
      if (begun.length > 0) sentences.push(begun.join(' '));
      begun = [];
    };
    for (const word of paragraph.split(/\s+/).flatMap((joined) => joined.split(JOINED))) {
      if (word === '') continue;
      begun.push(word);
      if (begun.length === MOST_WORDS || (END.test(word) && !ABBREVIATION.test(word))) end();
    }
    end();
  }
  return sentences;
}
