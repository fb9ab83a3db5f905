/** A folder of essays to hide needles in, as the paper hides them in Paul Graham's. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badData, emptyData, unreadable } from '../../data/errors.js';
import { sentencesOf } from './sentences.js';
import { wordCount } from './words.js';

/** No language that puts spaces between words has such long ones on average. */
const MOST_CHARACTERS_A_WORD = 30;

export interface Essays {
  /** Of all files in the order of their names; at least one. */
  readonly sentences: readonly string[];
  /** Of all sentences. */
  readonly words: number;
}

/**
 * Reads every .txt file of a folder.
 * @throws LongEmbedError ERR_INVALID_OPTION when the folder or a file cannot be read, there is no .txt file, one is not
 * UTF-8, or the text has no spaces between words; ERR_INPUT_EMPTY when there is no text in them
 */
export async function readEssays(folder: string): Promise<Essays> {
  const sentences: string[] = [];
  for (const name of await essayNames(folder)) {
    for (const sentence of sentencesOf(await readText(join(folder, name)))) sentences.push(sentence);
  }
  if (sentences.length === 0) throw emptyData(`The .txt files in ${folder} have no text to hide needles in.`);
  const words = sum(sentences, wordCount);
  if (sum(sentences, (sentence) => sentence.length) > words * MOST_CHARACTERS_A_WORD) {
    throw badData(
      `The essays in ${folder} have no spaces between words, but documents are measured in words: ` +
        'give essays that have, or none for generated prose.',
    );
  }
  return { sentences, words };
}

/** In the order of their code units, since a locale's order differs between machines. */
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
      `${file}, line ${firstWrongLine(bytes)}: this is not UTF-8; convert the file first.`,
      error,
    );
  }
}

/** Less a byte order mark. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** From 1. In UTF-8 no other character contains a line feed, so some line of a wrong file is wrong by itself. */
function firstWrongLine(bytes: Buffer): number {
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

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
