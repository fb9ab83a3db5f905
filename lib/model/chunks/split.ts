/** Cuts a text into chunks. */
import { sentencesOf } from '../../segments.js';
import { isBlank } from '../../tokenize/index.js';
import type { PieceTokenizer } from './pieces.js';
import type { FullChunkRule } from './rule.js';
import { tokenSpans } from './token-spans.js';
import type { ChunkSpan } from './types.js';

/** The spans of a text's chunks in order, without the white space around them; none where the text is blank. */
export async function splitText(
  text: string,
  rule: FullChunkRule,
  tokenizer: PieceTokenizer,
): Promise<ChunkSpan[]> {
  if (rule.by === 'tokens') return tokenSpans(text, rule, tokenizer);
  const units = rule.by === 'sentences' ? sentencesOf(text) : paragraphs(text);
  const full = units.filter((span) => !isBlank(text.slice(...span)));
  return grouped(full, rule).map((span) => trimmed(text, span));
}

/** The same of token ids, by a rule that counts tokens. */
export function splitTokens(count: number, { size, overlap }: FullChunkRule): ChunkSpan[] {
  return grouped(
    Array.from({ length: count }, (_, i): ChunkSpan => [i, i + 1]),
    { by: 'tokens', size, overlap },
  );
}

/** What stands between paragraphs: empty lines. */
export const EMPTY_LINES = /(?:\r?\n|\r)(?:[^\S\r\n]*(?:\r?\n|\r))+/g;

/** Pieces between empty lines. */
function paragraphs(text: string): ChunkSpan[] {
  const spans: ChunkSpan[] = [];
  let start = 0;
  for (const { index, 0: gap } of text.matchAll(EMPTY_LINES)) {
    spans.push([start, index]);
    start = index + gap.length;
  }
  spans.push([start, text.length]);
  return spans;
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
