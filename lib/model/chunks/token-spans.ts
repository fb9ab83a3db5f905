/** Cuts a text into chunks of a number of tokens. */
import { Words } from '../../segments.js';
import { isBlank } from '../../tokenize/index.js';
import { splitsPair } from './input.js';
import { type Piece, piecesEndingBy, type PieceTokenizer } from './pieces.js';
import type { FullChunkRule } from './rule.js';
import type { ChunkSpan } from './types.js';

/** Characters of a token to begin with; the text itself soon says better. */
const CHARACTERS_PER_TOKEN = 4;

/**
 * As many whole words as `size` tokens hold, chunk after chunk, without white space around them. Tokens are counted in the pieces
 * in which the document will be tokenized, `piecesUpTo` of the spans: those of a text alone may be more or fewer.
 */
export async function tokenSpans(
  text: string,
  rule: Pick<FullChunkRule, 'size' | 'overlap'>,
  tokenizer: PieceTokenizer,
): Promise<ChunkSpan[]> {
  const splitter = new TokenSplitter(text, rule, tokenizer);
  const spans: ChunkSpan[] = [];
  for (;;) {
    const span = await splitter.next(spans.at(-1));
    if (span === null) return spans;
    spans.push(span);
  }
}

/** The text of a chunk that the one before it has, too. */
interface Shared {
  readonly start: number;
  /** 0: nothing is shared, and the chunk begins with text of its own. */
  readonly tokens: number;
}

class TokenSplitter {
  readonly #cuts: Cuts;
  readonly #size: number;
  readonly #overlap: number;
  readonly #tokenizer: PieceTokenizer;
  readonly #cut: CutPieces;
  #density = CHARACTERS_PER_TOKEN;

  constructor(
    text: string,
    { size, overlap }: Pick<FullChunkRule, 'size' | 'overlap'>,
    tokenizer: PieceTokenizer,
  ) {
    this.#cuts = new Cuts(text);
    this.#size = size;
    this.#overlap = overlap;
    this.#tokenizer = tokenizer;
    this.#cut = new CutPieces(tokenizer);
  }

  /** The chunk after another; null where only white space is left. */
  async next(previous: ChunkSpan = [0, 0]): Promise<ChunkSpan | null> {
    const [, from] = previous;
    const first = this.#cuts.textFrom(from);
    if (first === this.#cuts.length) return null;
    const shared = await this.#shared(previous, first);
    const end = await this.#end(from, first, shared.tokens);
    const start = shared.tokens > 0 ? shared.start : first;
    if (this.#overlap > 0) await this.#cut.add({ from, to: end });
    this.#density = Math.max(1, (end - start) / this.#size);
    return [start, end];
  }

  /** @param first where the text begins that the previous chunk does not have */
  async #shared([start, from]: ChunkSpan, first: number): Promise<Shared> {
    const none = { start: from, tokens: 0 };
    if (this.#overlap === 0 || from === 0) return none;
    // Sharing that leaves no room for a word would end the chunk where the previous one ends.
    const word = await this.#tokenizer.tokensOf({ from, to: this.#cuts.wordEnd(first) });
    const tokens = Math.min(this.#overlap, this.#size - word.length);
    if (tokens <= 0) return none;
    const length = await longest(
      { tokens, density: this.#density, limit: from - start - 1 },
      (most) => from - this.#cuts.wordStart(from - most, from),
      (most) => this.#cut.tokensFrom(from - most),
    );
    return length === 0 ? none : { start: from - length, tokens: await this.#cut.tokensFrom(from - length) };
  }

  /** The end of a chunk whose own text begins at `first`, in a piece from `from` on. */
  async #end(from: number, first: number, sharedTokens: number): Promise<number> {
    // White space before a chunk is not the chunk's, and neither are its tokens; after shared text it is.
    const begin = sharedTokens > 0 ? from : first;
    const tokensOf = async (length: number): Promise<number> => {
      const piece = { from, to: first + length };
      const tokens = await this.#tokenizer.tokensOf(piece);
      return tokens.length - (await this.#tokenizer.tokensBefore(begin, piece, tokens));
    };
    const room = { tokens: this.#size - sharedTokens, density: this.#density };
    const words = await longest(
      { ...room, limit: this.#cuts.length - first },
      (length) => this.#cuts.wordBefore(first + length) - first,
      tokensOf,
    );
    if (words > 0) return first + words;
    const characters = await longest(
      { ...room, limit: this.#cuts.wordEnd(first) - first },
      (length) => this.#cuts.character(first + length) - first,
      tokensOf,
    );
    return first + Math.max(characters, this.#cuts.firstCharacter(first));
  }
}

/** The pieces so far, with their tokens. */
class CutPieces {
  readonly #tokenizer: PieceTokenizer;
  readonly #pieces: Piece[] = [];
  readonly #tokens: Int32Array[] = [];
  /** Tokens of the document before each piece. */
  readonly #before: number[] = [];
  #total = 0;

  constructor(tokenizer: PieceTokenizer) {
    this.#tokenizer = tokenizer;
  }

  async add(piece: Piece): Promise<void> {
    const tokens = await this.#tokenizer.tokensOf(piece);
    this.#pieces.push(piece);
    this.#tokens.push(tokens);
    this.#before.push(this.#total);
    this.#total += tokens.length;
  }

  /** Tokens from a place to the end of the last piece. */
  async tokensFrom(at: number): Promise<number> {
    const index = piecesEndingBy(this.#pieces, at);
    const [piece, tokens] = [this.#pieces[index], this.#tokens[index]];
    if (piece === undefined || tokens === undefined) return 0;
    const before = await this.#tokenizer.tokensBefore(at, piece, tokens);
    return this.#total - (this.#before[index] ?? 0) - before;
  }
}

/**
 * The greatest length with at most so many tokens, by bisection from a guess; 0 where none is found. Tokens of a longer text may be
 * fewer, so there may be a greater one, but what is returned was counted.
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
  let step = 1;
  for (let round = 0; high - low > 1; round++) {
    // A good guess ends the search in two or three rounds; halves end it in any case, once there is something to halve.
    const halved = high > limit ? 2 * low : (low + high) >>> 1;
    const middle = Math.min(high - 1, Math.max(low + 1, round < 6 ? guess : halved));
    const length = snap(middle);
    if (length <= best) {
      low = middle;
      step *= 2;
      guess = middle + step;
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
  readonly length: number;
  readonly #text: string;
  readonly #words: Words;

  constructor(text: string) {
    this.#text = text;
    this.length = text.length;
    this.#words = new Words(text);
  }

  /** The first place from `at` on that is not white space; the text's end where there is none. */
  textFrom(at: number): number {
    let place = at;
    while (place < this.#text.length && this.#isBlankAt(place)) place++;
    return place;
  }

  /** The last place up to `at` where a word ends. */
  wordBefore(at: number): number {
    let [place] = this.#words.at(at) ?? [at];
    while (place > 0 && this.#isBlankAt(place - 1)) place--;
    return place;
  }

  /** The first place from `at` on, up to `end`, where a word begins; `end` where there is none. */
  wordStart(at: number, end: number): number {
    const word = this.#words.at(at);
    const place = word === undefined || word[0] === at ? at : word[1];
    return place < end ? Math.min(end, this.textFrom(place)) : end;
  }

  /** Where the word at a place ends. */
  wordEnd(at: number): number {
    return this.#words.at(at)?.[1] ?? this.#text.length;
  }

  /** The last place between characters up to `at`. */
  character(at: number): number {
    return splitsPair(this.#text, at) ? at - 1 : at;
  }

  /** The length of the character that begins at `at`. */
  firstCharacter(at: number): number {
    return splitsPair(this.#text, at + 1) ? 2 : 1;
  }

  #isBlankAt(at: number): boolean {
    return isBlank(this.#text.charAt(at));
  }
}
