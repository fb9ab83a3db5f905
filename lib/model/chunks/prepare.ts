import { LongEmbedError } from '../../error.js';
import { type Overhead, planOverlapping, type WindowPlan } from '../../extend/index.js';
import type { Pooling } from '../../native/index.js';
import { checkTokenIds, checkWellFormed, isBlank, joinTokens } from '../../tokenize/index.js';
import { type Document, emptyInput, type Track, tooLong } from '../document.js';
import type { Engine } from '../engine.js';
import type { EmbedSettings } from '../options.js';
import type { ModelInfo } from '../types.js';
import type { Part, PoolRange } from '../parts.js';
import type { ChunkedText, ChunkedTokens } from './input.js';
import { type Piece, piecesBetween, piecesEndingBy, PieceTokenizer, piecesUpTo } from './pieces.js';
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
    before: joinTokens([prefix, prompt]),
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

async function tokenizeText(
  { text, spans: given }: ChunkedText,
  rule: FullChunkRule,
  engine: Engine,
  settings: EmbedSettings,
  track: Track,
): Promise<Tokens> {
  checkWellFormed(text, 'The text');
  if (isBlank(text)) throw emptyInput(text === '' ? 'is empty' : 'is only white space');
  const { prompt } = settings;
  const promptTokens = await engine.promptTokens.get(prompt);
  const tokenizer = new PieceTokenizer(text, prompt, promptTokens, (piece) =>
    track(engine.tokenizer.tokenize(piece)),
  );
  const spans = given ?? (await splitText(text, rule, tokenizer));
  if (spans.length === 0) throw emptyInput('has no chunks');
  const pieces = given === null ? piecesUpTo(text, spans) : piecesBetween(text, spans);
  return tokenizePieces(pieces, spans, tokenizer);
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
  pieces: readonly Piece[],
  spans: readonly ChunkSpan[],
  tokenizer: PieceTokenizer,
): Promise<Tokens> {
  const tokens = await concurrently(pieces, (piece) => tokenizer.tokensOf(piece));
  const [first] = pieces;
  const joint = tokens[0] ?? new Int32Array(0);
  // The prompt's tokens are those that the text after it leaves as they are.
  const seam = first === undefined ? 0 : await tokenizer.tokensBefore(0, first, joint);

  // Where each piece's tokens end, the prompt's included.
  let total = 0;
  const ends = tokens.map(({ length }) => (total += length));
  const all = joinTokens(tokens);
  if (total === seam) throw emptyInput('gives no tokens');

  const parts = await concurrently(spans, async ([start, end], index): Promise<Part> => {
    const at = piecesEndingBy(pieces, start);
    const [piece, ids] = [pieces[at], tokens[at]];
    const from = Math.max(seam, ends[at - 1] ?? 0);
    const before = piece && ids ? await tokenizer.tokensBefore(start, piece, ids) : 0;
    const to = ends[piecesEndingBy(pieces, end) - 1] ?? 0;
    const begin = (ends[at - 1] ?? 0) + before;
    // A chunk whose text gives no tokens beside those of the white space before it has these.
    const tokenStart = begin < to ? begin : from;
    if (to <= tokenStart) {
      throw new LongEmbedError(
        'ERR_INPUT_EMPTY',
        `Chunk ${index} gives no tokens: there is nothing to embed. Leave such chunks out.`,
      );
    }
    return { start, end, tokenStart: tokenStart - seam, tokenEnd: to - seam };
  });
  return { prompt: all.slice(0, seam), content: all.slice(seam), parts };
}

/** Results in the order of the items, a bounded number of them in work at a time. */
async function concurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let next = 0; next < items.length; next += MAX_TOKENIZING) {
    const some = items.slice(next, next + MAX_TOKENIZING);
    results.push(...(await Promise.all(some.map((item, i) => work(item, next + i)))));
  }
  return results;
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
