/** Cuts a text into chunks. */
import { isBlank } from '../../tokenize/index.js';
import { splitsPair } from './input.js';
import type { FullChunkRule } from './rule.js';
import type { ChunkSpan } from './types.js';

/** How many tokens a text has. */
export type CountTokens = (text: string) => Promise<number>;

/** The spans of a text's chunks in order, without the white space around them; none where the text is blank. */
export async function splitText(text: string, rule: FullChunkRule, count: CountTokens): Promise<ChunkSpan[]> {
  const spans =
    rule.by === 'tokens'
      ? await tokenSpans(text, rule, count)
      : grouped(rule.by === 'sentences' ? sentences(text) : paragraphs(text), rule);
  return spans.map((span) => trimmed(text, span)).filter(([start, end]) => start < end);
}

/** The same of token ids, by a rule that counts tokens. */
export function splitTokens(count: number, { size, overlap }: FullChunkRule): ChunkSpan[] {
  return grouped(
    Array.from({ length: count }, (_, i): ChunkSpan => [i, i + 1]),
    { by: 'tokens', size, overlap },
  );
}

function sentences(text: string): ChunkSpan[] {
  const segments = new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(text);
  return Array.from(segments, ({ index, segment }): ChunkSpan => [index, index + segment.length]).filter(
    ([start, end]) => !isBlank(text.slice(start, end)),
  );
}

/** Pieces between empty lines. */
function paragraphs(text: string): ChunkSpan[] {
  const spans: ChunkSpan[] = [];
  let start = 0;
  for (const { index, 0: gap } of text.matchAll(/(?:\r?\n|\r)(?:[^\S\r\n]*(?:\r?\n|\r))+/g)) {
    spans.push([start, index]);
    start = index + gap.length;
  }
  spans.push([start, text.length]);
  return spans.filter(([from, to]) => !isBlank(text.slice(from, to)));
}

/** `size` neighbours a chunk, of which `overlap` begin the next one. */
function grouped(units: readonly ChunkSpan[], { size, overlap }: FullChunkRule): ChunkSpan[] {
  const spans: ChunkSpan[] = [];
  for (let first = 0; first < units.length; first += size - overlap) {
    const last = Math.min(first + size, units.length) - 1;
    spans.push([units[first]?.[0] ?? 0, units[last]?.[1] ?? 0]);
    if (last === units.length - 1) break;
  }
  return spans;
}

function trimmed(text: string, [start, end]: ChunkSpan): ChunkSpan {
  const piece = text.slice(start, end);
  const from = start + (piece.length - piece.trimStart().length);
  return [from, Math.max(from, start + piece.trimEnd().length)];
}

/** Characters of a token to begin with; the text itself soon says better. */
const CHARACTERS_PER_TOKEN = 4;

/** As many whole words as `size` tokens hold, chunk after chunk. */
async function tokenSpans(
  text: string,
  { size, overlap }: FullChunkRule,
  count: CountTokens,
): Promise<ChunkSpan[]> {
  const cuts = new Cuts(text);
  const spans: ChunkSpan[] = [];
  let density = CHARACTERS_PER_TOKEN;
  for (let start = 0; start < text.length;) {
    const from = start;
    const search = { tokens: size, density, limit: text.length - from };
    const tokensOf = (length: number): Promise<number> => count(text.slice(from, from + length));
    const words = await longest(search, (length) => cuts.wordBefore(from + length) - from, tokensOf);
    const length =
      words > 0 ? words : await longest(search, (n) => cuts.character(from + n) - from, tokensOf);
    const end = from + Math.max(length, cuts.firstCharacter(from));
    spans.push([from, end]);
    density = Math.max(1, (end - from) / size);
    if (end === text.length) break;
    start = end;
    if (overlap > 0) {
      // The same search backwards from the end, short of the whole chunk, so that the next one begins later.
      const shared = await longest(
        { tokens: overlap, density, limit: end - from - 1 },
        (n) => end - cuts.wordAfter(end - n, end),
        (n) => count(text.slice(end - n, end)),
      );
      start = end - shared;
    }
  }
  return spans;
}

/**
 * The greatest length with at most so many tokens, by bisection from a guess; 0 where no length has.
 * @param snap the greatest allowed length up to a given one; 0 or less: none
 */
async function longest(
  { tokens, density, limit }: { readonly tokens: number; readonly density: number; readonly limit: number },
  snap: (length: number) => number,
  tokensOf: (length: number) => Promise<number>,
): Promise<number> {
  // Every allowed length up to `low` fits, and none from `high` on.
  let [best, low, high] = [0, 0, limit + 1];
  let guess = Math.ceil(tokens * density);
  for (let round = 0; high - low > 1; round++) {
    // A good guess ends the search in two or three rounds; halves end it in any case.
    const middle = round < 6 ? Math.min(high - 1, Math.max(low + 1, guess)) : (low + high) >>> 1;
    const length = snap(middle);
    if (length <= best) {
      low = middle;
      guess = middle + Math.ceil((high - middle) / 2);
      continue;
    }
    const found = await tokensOf(length);
    if (found <= tokens) {
      best = length;
      low = middle;
      if (found === tokens) break;
    } else high = length;
    guess = found === 0 ? 2 * middle : Math.round((length * tokens) / found);
  }
  return best;
}

/** The places where a text may be cut: between words, and where a word is longer than a chunk, between characters. */
class Cuts {
  readonly #text: string;
  readonly #words: Intl.Segments;

  constructor(text: string) {
    this.#text = text;
    this.#words = new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text);
  }

  /** The last place between words up to `at`. */
  wordBefore(at: number): number {
    return this.#words.containing(at)?.index ?? at;
  }

  /** The first place between words from `at` on. */
  wordAfter(at: number, end: number): number {
    const word = this.#words.containing(at);
    return word === undefined || word.index === at ? at : Math.min(end, word.index + word.segment.length);
  }

  /** The last place between characters up to `at`. */
  character(at: number): number {
    return splitsPair(this.#text, at) ? at - 1 : at;
  }

  /** The length of the character that begins at `at`. */
  firstCharacter(at: number): number {
    return splitsPair(this.#text, at + 1) ? 2 : 1;
  }
}
