/**
 * A SentencePiece vocabulary of our own in Llama's form: <unk>, <s>, </s>, 256 byte tokens, then pieces that byte-pair
 * merging finds in a list of common words, then single characters. A piece's score is minus its rank, so the earlier
 * merge wins.
 */
import { learnMerges } from './byte-pair.js';
import type { Metadata } from './gguf.js';
import { TOKEN_TYPE } from './token-type.js';

export const SENTENCEPIECE_SPECIAL = { unknown: 0, start: 1, end: 2 } as const;

const SPECIAL_TOKENS = ['<unk>', '<s>', '</s>'];
const BYTE_TOKENS = 256;
const SPACE = '\u2581';
const CHARACTERS = Array.from(
  SPACE + 'etaoinshrdlcumwfgypbvkjxqzETAOINSHRDLCUMWFGYPBVKJXQZ0123456789.,;:!?\'"()-/&%$',
);
/** Pieces of the largest vocabulary that the word list gives; merging is repeated work, so it is done once. */
let allPieces: string[] | null = null;
const MAX_MERGES = 700;

/**
 * The vocabulary of a given size: filled up with unused tokens where it is larger than what we have.
 *
 * @param size number of tokens, at least 512
 */
export function sentencePieceTokens(size: number): { tokens: string[]; scores: number[]; types: number[] } {
  allPieces ??= [...new Set(learnMerges(MAX_MERGES, SPACE).map((pair) => pair.join('')))];
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
