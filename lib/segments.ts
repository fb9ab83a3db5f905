/**
 * Sentences and words by Unicode's rules (UAX 29). `Intl.Segmenter` takes time in proportion to its whole text for each segment
 * (Node 20: a second for 200,000 characters), so it is given a part of the text at a time. Its locale is English, which has
 * Unicode's own rules: without one, the machine's would decide, and in Greek ";" ends a sentence.
 */
import { wholeCharacters } from './text.js';

/** From where to where, in UTF-16 units. */
export type Segment = readonly [start: number, end: number];

const sentenceSegmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** A line with what ends it. A sentence ends there in any case (rule SB4). */
const LINE = /[^\r\n\u0085\u2028\u2029]*(?:\r\n|[\r\n\u0085\u2028\u2029])|[^\r\n\u0085\u2028\u2029]+$/gu;
const SENTENCES_PART = 4096;

/** The sentences of a text, one after the other without gaps. */
export function sentencesOf(text: string): Segment[] {
  const sentences: Segment[] = [];
  for (const { index, 0: line } of text.matchAll(LINE)) {
    let size = SENTENCES_PART;
    for (let done = 0; done < line.length;) {
      const part = line.slice(done, done + size);
      const isRest = done + part.length === line.length;
      const ends = Array.from(sentenceSegmenter.segment(part), (found) => found.index + found.segment.length);
      // What follows decides whether a sentence ends: of a part, the last two are looked at again.
      const sure = isRest ? ends : ends.slice(0, -2);
      let start = 0;
      for (const end of sure) {
        sentences.push([index + done + start, index + done + end]);
        start = end;
      }
      done += start;
      size = start > 0 ? SENTENCES_PART : 2 * size;
    }
  }
  return sentences;
}

/** Between such white space and a letter or digit there is always an edge of a word, whatever stands around them (rule WB999). */
const EDGE = /[ \t\r\n](?=[\p{L}\p{N}])/u;
const WORDS_PART = 1024;
/** How far from a part an edge is looked for; texts without spaces are cut anywhere then. */
const EDGE_WITHIN = 8192;

/** The words of a text, and what stands between them, looked up by place. */
export class Words {
  readonly #text: string;
  #part: Segment = [0, 0];
  #segments = wordSegmenter.segment('');

  constructor(text: string) {
    this.#text = text;
  }

  /** The word that has the character at a place; undefined from the text's end on. */
  at(place: number): Segment | undefined {
    if (place < 0 || place >= this.#text.length) return undefined;
    if (place < this.#part[0] || place >= this.#part[1]) this.#take(place);
    const [start] = this.#part;
    const found = this.#segments.containing(place - start);
    if (found === undefined) return undefined;
    return [start + found.index, start + found.index + found.segment.length];
  }

  /** Makes a part of the text around a place the one that is looked at. */
  #take(place: number): void {
    const start = this.#edgeBefore(place);
    this.#part = [start, this.#edgeAfter(Math.max(place, start) + WORDS_PART)];
    this.#segments = wordSegmenter.segment(this.#text.slice(...this.#part));
  }

  #edgeBefore(place: number): number {
    for (let within = WORDS_PART; ; within *= 2) {
      const from = place - within;
      if (from <= 0) return 0;
      const edge = EDGE.exec(this.#text.slice(from, place));
      if (edge !== null) return from + edge.index + 1;
      if (within >= EDGE_WITHIN) return wholeCharacters(this.#text, from);
    }
  }

  #edgeAfter(place: number): number {
    if (place >= this.#text.length) return this.#text.length;
    const edge = EDGE.exec(this.#text.slice(place, place + EDGE_WITHIN));
    if (edge !== null) return place + edge.index + 1;
    return wholeCharacters(this.#text, Math.min(place + EDGE_WITHIN, this.#text.length));
  }
}
