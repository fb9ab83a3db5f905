/**
 * A SentencePiece vocabulary of our own in Llama's form: <unk>, <s>, </s>, 256 byte tokens, then pieces that byte-pair
 * merging finds in a list of common words, then single characters. A piece's score is minus its rank, so the earlier
 * merge wins.
 */
import type { Metadata } from './gguf.js';
import { TOKEN_TYPE } from './token-type.js';
import { COMMON_WORDS } from './words.js';

export const SENTENCEPIECE_SPECIAL = { unknown: 0, start: 1, end: 2 } as const;

const SPECIAL_TOKENS = ['<unk>', '<s>', '</s>'];
const BYTE_TOKENS = 256;
const SPACE = '\u2581';
const CHARACTERS = Array.from(
  SPACE + 'etaoinshrdlcumwfgypbvkjxqzETAOINSHRDLCUMWFGYPBVKJXQZ0123456789.,;:!?\'"()-/&%$',
);
/** Words as sentences begin with them, so that capitals have pieces too. */
const EXTRA_WORDS = [
  'The',
  'I',
  'And',
  'It',
  'But',
  'We',
  'So',
  'In',
  'This',
  'That',
  'Yeah',
  'What',
  'If',
  'You',
];

/** A word as the pieces it is made of so far, and how often it counts. */
interface Word {
  pieces: string[];
  weight: number;
}

/** Byte-pair merging: the `count` pieces found, in the order in which they were merged. */
function mergedPieces(count: number): string[] {
  const list = [...COMMON_WORDS.slice(0, 40), ...EXTRA_WORDS, ...COMMON_WORDS.slice(40)];
  // Frequencies of words fall with their rank (Zipf); whole numbers keep the order the same on every machine.
  const table: Word[] = list.map((word, rank) => ({
    pieces: Array.from(SPACE + word),
    weight: Math.floor(1_000_000 / (rank + 10)),
  }));
  const found: string[] = [];
  while (found.length < count) {
    const best = mostFrequentPair(table);
    if (best === null) break;
    found.push(best[0] + best[1]);
    for (const word of table) word.pieces = merge(word.pieces, best);
  }
  return [...new Set(found)];
}

function mostFrequentPair(table: readonly Word[]): [string, string] | null {
  const weights = new Map<string, number>();
  for (const { pieces, weight } of table) {
    for (let i = 0; i + 1 < pieces.length; i += 1) {
      const pair = `${pieces[i] ?? ''} ${pieces[i + 1] ?? ''}`;
      weights.set(pair, (weights.get(pair) ?? 0) + weight);
    }
  }
  let best: string | null = null;
  let most = 0;
  for (const [pair, weight] of weights) {
    if (weight > most || (weight === most && best !== null && pair < best)) {
      best = pair;
      most = weight;
    }
  }
  if (best === null) return null;
  const [left = '', right = ''] = best.split(' ');
  return [left, right];
}

function merge(pieces: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (let i = 0; i < pieces.length; i += 1) {
    const piece = pieces[i] ?? '';
    if (piece === left && pieces[i + 1] === right) {
      merged.push(left + right);
      i += 1;
    } else {
      merged.push(piece);
    }
  }
  return merged;
}

/** Pieces of the largest vocabulary that the word list gives; merging is repeated work, so it is done once. */
let allPieces: string[] | null = null;
const MOST_PIECES = 700;

/**
 * The vocabulary of a given size: filled up with unused tokens where it is larger than what we have.
 *
 * @param size number of tokens, at least 512
 */
export function sentencePieceTokens(size: number): { tokens: string[]; scores: number[]; types: number[] } {
  allPieces ??= mergedPieces(MOST_PIECES);
  const bytes = Array.from(
    { length: BYTE_TOKENS },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const room = size - SPECIAL_TOKENS.length - BYTE_TOKENS - CHARACTERS.length;
  const merges = allPieces.filter((piece) => !CHARACTERS.includes(piece)).slice(0, Math.max(0, room));
  const tokens = [...SPECIAL_TOKENS, ...bytes, ...merges, ...CHARACTERS].slice(0, size);
  for (let i = 0; tokens.length < size; i += 1) tokens.push(`[unused${i}]`);
  const firstPiece = SPECIAL_TOKENS.length + BYTE_TOKENS;
  return {
    tokens,
    scores: tokens.map((_, id) => (id < firstPiece ? 0 : firstPiece - id)),
    types: tokens.map((_, id) => {
      if (id === SENTENCEPIECE_SPECIAL.unknown) return TOKEN_TYPE.unknown;
      if (id < SPECIAL_TOKENS.length) return TOKEN_TYPE.control;
      return id < firstPiece ? TOKEN_TYPE.byte : TOKEN_TYPE.normal;
    }),
  };
}

/** The metadata of this vocabulary: `tokenizer.ggml.*`. */
export function sentencePieceMetadata(size: number, flags: { addBos: boolean; addEos: boolean }): Metadata {
  const { tokens, scores, types } = sentencePieceTokens(size);
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'default' }],
    ['tokenizer.ggml.tokens', { type: 'string[]', value: tokens }],
    ['tokenizer.ggml.scores', { type: 'f32[]', value: scores }],
    ['tokenizer.ggml.token_type', { type: 'i32[]', value: types }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.start }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.end }],
    ['tokenizer.ggml.unknown_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.unknown }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: flags.addBos }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: flags.addEos }],
    ['tokenizer.ggml.add_space_prefix', { type: 'bool', value: true }],
  ];
}
