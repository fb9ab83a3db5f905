/** The pieces in which a document is tokenized, and which of their tokens stand before a chunk. */
import { isBlank } from '../../tokenize/index.js';
import { commonPrefix } from '../document.js';
import type { ChunkSpan } from './types.js';

/** What stands between two neighbouring cuts, with the white space before it that no chunk has. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/**
 * The text cut wherever a chunk begins or ends: a token is then in a chunk or not, and never across its edge.
 * @param spans any that a caller gave
 */
export function piecesBetween(text: string, spans: readonly ChunkSpan[]): Piece[] {
  return cutAt(text, spans.flat(), coverage(spans));
}

/**
 * The text cut where chunks end. Chunks by a rule have only white space between them, and those that overlap share whole
 * words: one that begins within another needs no cut, which would change how the other's words become tokens.
 * @param spans in order, of the text of which they leave out only white space
 */
export function piecesUpTo(text: string, spans: readonly ChunkSpan[]): Piece[] {
  return cutAt(
    text,
    spans.map(([, end]) => end),
    () => false,
  );
}

/** @param keepsBlank whether white space that begins at a place is a piece of its own; other white space goes to the next piece */
function cutAt(text: string, places: readonly number[], keepsBlank: (at: number) => boolean): Piece[] {
  const cuts = [...new Set([0, ...places, text.length])].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let from = 0;
  for (const [i, to] of cuts.entries()) {
    const start = cuts[i - 1];
    if (start === undefined) continue;
    // Tokenizers expect white space before a word, not after it.
    if (isBlank(text.slice(start, to)) && !keepsBlank(start)) continue;
    pieces.push({ from, to });
    from = to;
  }
  return pieces;
}

/** Tells whether some chunk has the text that begins at a boundary. */
function coverage(spans: readonly ChunkSpan[]): (at: number) => boolean {
  const changes = new Map<number, number>();
  for (const [start, end] of spans) {
    changes.set(start, (changes.get(start) ?? 0) + 1);
    changes.set(end, (changes.get(end) ?? 0) - 1);
  }
  const covered = new Map<number, boolean>();
  let depth = 0;
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    depth += changes.get(at) ?? 0;
    covered.set(at, depth > 0);
  }
  return (at) => covered.get(at) ?? false;
}

/** How many pieces end at or before a place, by bisection. */
export function piecesEndingBy(pieces: readonly Piece[], at: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.to ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Tokenizes pieces of a document, each on its own. Prompt and first piece are one string to the tokenizer, as prompt and text are
 * elsewhere.
 */
export class PieceTokenizer {
  readonly #text: string;
  readonly #prompt: string;
  readonly #promptTokens: Int32Array;
  readonly #tokenize: (text: string) => Promise<Int32Array>;
  #last: { from: number; at: number; tokens: Promise<Int32Array> } | null = null;

  /** @param promptTokens those of the prompt alone */
  constructor(
    text: string,
    prompt: string,
    promptTokens: Int32Array,
    tokenize: (text: string) => Promise<Int32Array>,
  ) {
    this.#text = text;
    this.#prompt = prompt;
    this.#promptTokens = promptTokens;
    this.#tokenize = tokenize;
  }

  /** The tokens of a piece; of the first one, the prompt's as well. */
  async tokensOf({ from, to }: Piece): Promise<Int32Array> {
    if (from === to) return from === 0 ? this.#promptTokens : new Int32Array(0);
    const piece = this.#text.slice(from, to);
    return this.#tokenize(from === 0 ? this.#prompt + piece : piece);
  }

  /**
   * How many of a piece's tokens stand before a place in it: those that the text up to there has on its own, too. So a token that
   * has white space before the place and text after it stands after it.
   * @param tokens of the piece, as `tokensOf` gives them
   * @param at from the piece's start to its end; at its start, the tokens before it are the prompt's
   */
  async tokensBefore(at: number, { from }: Piece, tokens: Int32Array): Promise<number> {
    const prompt = from === 0 ? commonPrefix(this.#promptTokens, tokens) : 0;
    if (at === from) return prompt;
    // Searches ask for the same place again and again.
    if (this.#last?.from !== from || this.#last.at !== at) {
      this.#last = { from, at, tokens: this.tokensOf({ from, to: at }) };
    }
    return Math.max(prompt, commonPrefix(await this.#last.tokens, tokens));
  }
}
