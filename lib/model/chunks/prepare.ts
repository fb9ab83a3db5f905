import { LongEmbedError } from '../../error.js';
import { type Overhead, planOverlapping, type WindowPlan } from '../../extend/index.js';
import type { Pooling } from '../../native/index.js';
import { checkTokenIds, checkWellFormed, isBlank } from '../../tokenize/index.js';
import { commonPrefix, concat, type Document, emptyInput, type Track, tooLong } from '../document.js';
import type { Engine } from '../engine.js';
import type { EmbedSettings } from '../options.js';
import type { ModelInfo } from '../types.js';
import type { Part, PoolRange } from '../parts.js';
import type { ChunkedText, ChunkedTokens } from './input.js';
import { splitText, splitTokens } from './split.js';
import type { FullChunkRule } from './rule.js';
import type { ChunkSpan } from './types.js';

/** Texts that are tokenized at the same time. */
const MAX_TOKENIZING = 64;

/**
 * Tokenizes a document in chunks and plans its windows (design §5, "chunk vectors").
 * @throws LongEmbedError ERR_INPUT_EMPTY, ERR_INPUT_TOO_LONG (a prompt that leaves no room), ERR_TOKENIZER, …
 */
export async function prepareChunks(
  input: ChunkedText | ChunkedTokens,
  rule: FullChunkRule,
  engine: Engine,
  settings: EmbedSettings,
  track: Track,
): Promise<Document> {
  const { prompt, content, parts } =
    'tokens' in input
      ? await withTokens(input, rule, engine, settings)
      : await tokenizeText(input, rule, engine, settings, track);
  const { prefix, suffix } = engine.settings.specialTokens;
  const overhead = { before: prefix.length + prompt.length, after: suffix.length };
  const windows = chunkWindows(content.length, overhead, engine, settings);
  return {
    before: concat(prefix, prompt),
    content,
    after: Int32Array.from(suffix),
    plans: windows,
    tokens: content.length + overhead.before + overhead.after,
    truncated: false,
    parts,
    pools: poolRanges(windows, parts, overhead, settings.pooling),
  };
}

/**
 * @param pooling that the caller asks for
 * @throws LongEmbedError ERR_ARCHITECTURE_UNSUPPORTED; ERR_INVALID_OPTION for pooling by the first token
 */
export function checkChunkable(
  { engine, engineReason, ...info }: ModelInfo,
  pooling: Pooling | undefined,
): void {
  if (engine !== 'graph') {
    throw new LongEmbedError(
      'ERR_ARCHITECTURE_UNSUPPORTED',
      `Chunk vectors need longembed's own graph, and ${engineReason ?? 'this model has none'}. Embed the chunks one by one instead.`,
    );
  }
  if ((pooling ?? info.pooling) === 'cls') {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      'Chunk vectors cannot be pooled by cls: that takes the first token of a sequence, and a chunk in the middle of a document has none ' +
        'that was trained for it. Ask for the mean of its tokens: pooling "mean" (--pooling mean); for such a model that is an approximation.',
    );
  }
}

/** What stands between two neighbouring boundaries of chunks. */
interface Piece {
  /** In the text; `from` includes white space before it that no chunk has. */
  from: number;
  readonly to: number;
}

/** The text cut wherever a chunk begins or ends: a token is then in a chunk or not, and never across its edge. */
function piecesOf(text: string, spans: readonly ChunkSpan[]): Piece[] {
  const cuts = [...new Set([0, ...spans.flat(), text.length])].sort((a, b) => a - b);
  const inChunk = coverage(spans);
  const pieces: Piece[] = [];
  let from = 0;
  for (const [i, to] of cuts.entries()) {
    const start = cuts[i - 1];
    if (start === undefined) continue;
    // White space between chunks belongs to the next piece, where tokenizers expect it.
    if (isBlank(text.slice(start, to)) && !inChunk(start)) continue;
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

async function tokenizeText(
  { text, spans: given }: ChunkedText,
  rule: FullChunkRule,
  engine: Engine,
  settings: EmbedSettings,
  track: Track,
): Promise<Tokens> {
  checkWellFormed(text, 'The text');
  if (isBlank(text)) throw emptyInput(text === '' ? 'is empty' : 'is only white space');
  const tokenize = (piece: string): Promise<Int32Array> => track(engine.tokenizer.tokenize(piece));
  const spans = given ?? (await splitText(text, rule, async (piece) => (await tokenize(piece)).length));
  if (spans.length === 0) throw emptyInput('has no chunks');
  return tokenizePieces(text, spans, settings.prompt, engine, tokenize);
}

async function withTokens(
  { tokens, spans }: ChunkedTokens,
  rule: FullChunkRule,
  engine: Engine,
  settings: EmbedSettings,
): Promise<Tokens> {
  const content = checkTokenIds(tokens, engine.native.facts.vocabularySize);
  if (content.length === 0) throw emptyInput('gives no tokens');
  if (spans === null && rule.by !== 'tokens') {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The document is token ids, which have no ${rule.by}: give a number of tokens as chunks, or spans.`,
    );
  }
  const parts = (spans ?? splitTokens(content.length, rule)).map(([start, end]) => ({
    ...{ start, end, tokenStart: start, tokenEnd: end },
  }));
  if (parts.length === 0) throw emptyInput('has no chunks');
  return { prompt: await engine.promptTokens.get(settings.prompt), content, parts };
}

interface Tokens {
  readonly prompt: Int32Array;
  readonly content: Int32Array;
  readonly parts: Part[];
}

async function tokenizePieces(
  text: string,
  spans: readonly ChunkSpan[],
  prompt: string,
  engine: Engine,
  tokenize: (piece: string) => Promise<Int32Array>,
): Promise<Tokens> {
  const pieces = piecesOf(text, spans);
  const ids: Int32Array[] = [];
  for (let next = 0; next < pieces.length; next += MAX_TOKENIZING) {
    const some = pieces.slice(next, next + MAX_TOKENIZING).map(({ from, to }, i) => {
      const piece = text.slice(from, to);
      return tokenize(next + i === 0 ? prompt + piece : piece);
    });
    ids.push(...(await Promise.all(some)));
  }
  // Prompt and first chunk are one string to the tokenizer, as prompt and text are elsewhere.
  const joint = ids[0] ?? new Int32Array(0);
  const seam = commonPrefix(await engine.promptTokens.get(prompt), joint);
  ids[0] = joint.subarray(seam);

  const tokenEnd = new Map<number, number>(); // by where a piece ends in the text
  let total = 0;
  for (const [i, { to }] of pieces.entries()) tokenEnd.set(to, (total += ids[i]?.length ?? 0));
  const content = new Int32Array(total);
  let offset = 0;
  for (const piece of ids) {
    content.set(piece, offset);
    offset += piece.length;
  }
  if (total === 0) throw emptyInput('gives no tokens');
  return { prompt: joint.slice(0, seam), content, parts: partsOf(spans, pieces, tokenEnd) };
}

function partsOf(
  spans: readonly ChunkSpan[],
  pieces: readonly Piece[],
  tokenEnd: ReadonlyMap<number, number>,
): Part[] {
  return spans.map(([start, end], index) => {
    // The pieces end where chunks begin, but for those of white space, which are part of the next piece.
    const before = lastEnding(pieces, start);
    const last = lastEnding(pieces, end);
    const tokenStart = before === undefined ? 0 : (tokenEnd.get(before.to) ?? 0);
    const tokensTo = last === undefined ? 0 : (tokenEnd.get(last.to) ?? 0);
    if (tokensTo <= tokenStart) {
      throw new LongEmbedError(
        'ERR_INPUT_EMPTY',
        `Chunk ${index} gives no tokens: there is nothing to embed. Leave such chunks out.`,
      );
    }
    return { start, end, tokenStart, tokenEnd: tokensTo };
  });
}

/** The last piece that ends at or before a place, by bisection. */
function lastEnding(pieces: readonly Piece[], at: number): Piece | undefined {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.to ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return pieces[low - 1];
}

/** The sequences of a document of any length. */
function chunkWindows(
  tokens: number,
  overhead: Overhead,
  engine: Engine,
  settings: EmbedSettings,
): WindowPlan[] {
  const { extend, limit } = settings;
  const context = engine.settings.strategyContext;
  const overheadTokens = overhead.before + overhead.after;
  if (overheadTokens >= limit)
    throw tooLong({ content: tokens, overhead: overheadTokens }, settings, context);
  return planOverlapping(extend, context, limit, tokens, overhead);
}

/**
 * What is pooled in each window: the document, and of each chunk the tokens that have the most context before them in this window,
 * which are those that no earlier window has.
 */
function poolRanges(
  windows: readonly WindowPlan[],
  parts: readonly Part[],
  { before, after }: Overhead,
  pooling: Pooling,
): PoolRange[][] {
  let owned = 0;
  return windows.map(({ from, to }) => {
    const length = before + (to - from) + after;
    const first = pooling === 'last' ? length - 1 : 0;
    const ranges: PoolRange[] = [{ part: null, from: first, to: pooling === 'cls' ? 1 : length }];
    for (const [part, { tokenStart, tokenEnd }] of parts.entries()) {
      const start = Math.max(pooling === 'last' ? tokenEnd - 1 : tokenStart, owned);
      const end = Math.min(tokenEnd, to);
      if (start < end) ranges.push({ part, from: before + start - from, to: before + end - from });
    }
    owned = to;
    return ranges;
  });
}
