/** A folder of essays to hide needles in, as the paper hides them in Paul Graham's. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badData, emptyData, unreadable } from '../../data/errors.js';
import { sum } from '../../numbers.js';
import { wordCount } from './hide.js';

/** No language with spaces between words has an average word this long. */
const MAX_CHARACTERS_PER_WORD = 30;

export interface Essays {
  /** Of all files in the order of their names; at least one. */
  readonly sentences: readonly string[];
  /** Number of words of all sentences. */
  readonly words: number;
}

/**
 * Reads every .txt file of a folder.
 * @throws LongEmbedError ERR_INVALID_OPTION when the folder or a file cannot be read, there is no .txt file, a file is not
 * UTF-8, or the text has no spaces between words; ERR_INPUT_EMPTY when the files hold no text
 */
export async function readEssays(folder: string): Promise<Essays> {
  const sentences: string[] = [];
  for (const name of await essayNames(folder)) {
    for (const sentence of sentencesOf(await readText(join(folder, name)))) sentences.push(sentence);
  }
  if (sentences.length === 0) throw emptyData(`The .txt files in ${folder} have no text to hide needles in.`);
  const words = sum(sentences.map(wordCount));
  if (sum(sentences.map(({ length }) => length)) > words * MAX_CHARACTERS_PER_WORD) {
    throw badData(
      `The essays in ${folder} have no spaces between words, but documents are measured in words: ` +
        'give essays that have them, or none for generated prose.',
    );
  }
  return { sentences, words };
}

/** Ordered by code units, because a locale's order differs between machines. */
async function essayNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const essays = names.filter((name) => name.toLowerCase().endsWith('.txt'));
  if (essays.length > 0) return essays.sort();
  throw badData(`The folder ${folder} has no essays: name one with .txt files, or none for generated prose.`);
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    return decoded(bytes);
  } catch (error) {
    throw badData(
      `${file}, line ${firstInvalidLine(bytes)}: this is not UTF-8; convert the file first.`,
      error,
    );
  }
}

/** Without a byte order mark. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Counted from 1. A line feed is never part of another character in UTF-8, so some line is invalid on its own. */
function firstInvalidLine(bytes: Buffer): number {
  for (let line = 1, start = 0; ; line++) {
    const feed = bytes.indexOf('\n', start);
    const end = feed === -1 ? bytes.length : feed;
    try {
      decoded(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
}

/** Longer sentences, often lists, are cut here. */
const MAX_WORDS_PER_SENTENCE = 60;

const SENTENCE_END = /[.!?…]["'”’)\]]*$/;

/** "J.", "Mr.", "e.g.": words that end in a full stop and rarely end a sentence. */
const ABBREVIATION = /^["'“‘([]*(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|vs?|cf|e\.g|i\.e)\.$/u;

/** "interface.When": two sentences whose line break was lost. */
const JOINED = /(?<=\p{Ll}{2}[.!?])(?=\p{Lu}(?:\p{Ll}|$))/u;

/**
 * The sentences of a text in order, with single spaces; every word of the text is in one. An empty line ends a sentence.
 * Intl.Segmenter is not used because its output depends on the version of Node.
 */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const paragraph of text.split(/\n\s*\n/)) {
    let words: string[] = [];
    const end = (): void => {
      if (words.length > 0) sentences.push(words.join(' '));
      words = [];
    };
    for (const word of paragraph.split(/\s+/).flatMap((joined) => joined.split(JOINED))) {
      if (word === '') continue;
      words.push(word);
      if (words.length === MAX_WORDS_PER_SENTENCE || (SENTENCE_END.test(word) && !ABBREVIATION.test(word))) {
        end();
      }
    }
    end();
  }
  return sentences;
}
