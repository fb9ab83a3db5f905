import { createHash } from 'node:crypto';
import type { Random } from '../random.js';
import { sentencesOf } from '../segments.js';
import { wholeCharacters } from '../text.js';
import { type Section, sectionsOf } from './sections.js';

/** A query and the text that belongs to it. */
export interface MadePair {
  readonly query: string;
  readonly positive: string;
}

/** Shorter texts say too little. In characters. */
const MIN_PASSAGE = 100;
const MIN_QUERY = 30;
const MAX_QUERY = 300;
/** Paragraphs of a section whose query is its title. */
const MAX_OF_TITLE = 3;
/** Of passages of so many sentences or more, one in so many is a query. */
const MIN_SENTENCES = 3;
const SENTENCES_A_QUERY = 4;

/** What was seen in any document, so that nothing comes twice. */
export class SeenTexts {
  readonly #hashes = new Set<string>();

  /** Whether a text is new; differences in case and spaces do not count. */
  add(text: string): boolean {
    const normal = text
      .toLowerCase()
      .replace(/[\s\p{P}]+/gu, ' ')
      .trim();
    const hash = createHash('sha256').update(normal).digest('base64url');
    const isNew = !this.#hashes.has(hash);
    this.#hashes.add(hash);
    return isNew;
  }
}

/**
 * The pairs of a document: a section's title and its first paragraphs, and sentences with the passage around them, from which they
 * are taken out (the inverse cloze task, arXiv 1906.00300).
 * @param maxCharacters of a passage; a longer paragraph becomes several, cut between sentences
 */
export function documentPairs(
  text: string,
  maxCharacters: number,
  seen: SeenTexts,
  random: Random,
): MadePair[] {
  return sectionsOf(text).flatMap((section) => sectionPairs(section, maxCharacters, seen, random));
}

function sectionPairs(section: Section, max: number, seen: SeenTexts, random: Random): MadePair[] {
  const pairs: MadePair[] = [];
  let titled = 0;
  const fresh = section.paragraphs.filter((paragraph) => seen.add(paragraph));
  for (const sentences of passages(fresh, max)) {
    const queries = chooseQueries(sentences, seen, random);
    // One text for all queries of a passage: among others, it is no negative of any of them.
    const positive = sentences.filter((_sentence, i) => !queries.includes(i)).join(' ');
    if (positive.length < MIN_PASSAGE) continue;
    if (section.title !== null && titled < MAX_OF_TITLE) {
      pairs.push({ query: section.title, positive });
      titled += 1;
    }
    pairs.push(...queries.map((place) => ({ query: sentences[place] ?? '', positive })));
  }
  return pairs;
}

/** The places of the sentences that are taken out of a passage as queries. */
function chooseQueries(sentences: readonly string[], seen: SeenTexts, random: Random): number[] {
  const count = sentences.length < MIN_SENTENCES ? 0 : Math.ceil(sentences.length / SENTENCES_A_QUERY);
  const fits = (place: number): boolean => {
    const { length } = sentences[place] ?? '';
    return length >= MIN_QUERY && length <= MAX_QUERY && seen.add(sentences[place] ?? '');
  };
  const chosen: number[] = [];
  for (const place of random.permutation(sentences.length)) {
    if (chosen.length < count && fits(place)) chosen.push(place);
  }
  return chosen;
}

/** Sentences in passages: a paragraph each, neighbours together while they are short, long ones in parts. */
function passages(paragraphs: readonly string[], max: number): string[][] {
  const made: string[][] = [];
  let open: string[] = [];
  let length = 0;
  const close = (): void => {
    if (open.length > 0) made.push(open);
    open = [];
    length = 0;
  };
  for (const paragraph of paragraphs) {
    // A passage that would be too long with the paragraph, and says enough without.
    if (length + paragraph.length > max || length >= max / 3) close();
    for (const sentence of sentencesUpTo(paragraph, max)) {
      if (length + sentence.length > max) close();
      open.push(sentence);
      length += sentence.length + 1;
    }
  }
  close();
  return made;
}

/** What is longer than `max` characters without an end of a sentence is cut between words. */
function sentencesUpTo(paragraph: string, max: number): string[] {
  const sentences = sentencesOf(paragraph).map((span) => paragraph.slice(...span).trim());
  return sentences.flatMap((sentence) =>
    sentence.length <= max ? (sentence === '' ? [] : [sentence]) : wordsUpTo(sentence, max),
  );
}

function wordsUpTo(sentence: string, max: number): string[] {
  const parts: string[] = [];
  for (let rest = sentence; rest !== '';) {
    const space = rest.length <= max ? rest.length : rest.lastIndexOf(' ', max);
    const end = space > 0 ? space : wholeCharacters(rest, max);
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return parts;
}
