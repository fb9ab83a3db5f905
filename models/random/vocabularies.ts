/**
 * Vocabularies of our own, one for each kind of tokenizer, made from a list of common English words (the most frequent
 * first): WordPiece as llama.cpp keeps BERT's, SentencePiece in Llama's form, byte-level BPE in Qwen2's.
 */
import { readFileSync } from 'node:fs';
import type { Metadata } from './gguf.js';

const COMMON_WORDS = JSON.parse(readFileSync(new URL('words.json', import.meta.url), 'utf8')) as string[];

/** GGUF's numbers for the kinds of tokens. */
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, unused: 5, byte: 6 } as const;

/** How a piece that starts a word is written in WordPiece (as llama.cpp keeps it) and SentencePiece. */
const WORD_START = '\u2581';

/** Ids of the special tokens; not BERT's own, so that code which relies on those instead of the file's keys fails. */
const WORDPIECE_SPECIAL = { pad: 0, unknown: 1, start: 2, separator: 3, mask: 4 } as const;

const WORDPIECE_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const DIGITS = Array.from('0123456789');
const PUNCTUATION = Array.from('.,;:!?\'"()[]{}<>-_/\\|@#$%^&*+=~`–—‘’“”…');
const SUFFIXES = `
  s es ed er ers est ing ings ly al ally able ible ity ies ied ment ments ness less ful tion tions sion sions ation ations
  ize ized izing ise ist ists ism ive ives ous ant ent ence ance ency ancy ary ory ate ated ates ating ish ship hood dom
  age en ened ening th ty ts ters ter ther ther ally ical ics ic
  an ar as at be bo ca ch ck co de di do du el em et ev ex fo ge gh go gr ha he hi ho id il im in io ir is it la le li ll
  lo lu ma me mi mo mu na nd ne ng ni no nt nu ob od of ol om on op or os ot ou ow pa pe ph pi pl po pr ra re ri ro rs rt
  ru sa se sh si so sp st su ta te ti to tr tu ul um un up ur us ut va ve vi vo we wh wi
`
  .trim()
  .split(/\s+/);

/** The pieces in the order of their ids, without repetition. */
function wordPieces(): string[] {
  const starts = [...LETTERS, ...DIGITS, ...PUNCTUATION, ...COMMON_WORDS].map((text) => WORD_START + text);
  const continuations = [...LETTERS, ...DIGITS, ...SUFFIXES];
  return [...new Set([...starts, ...continuations])];
}

/**
 * The vocabulary of a given size: padded with unused tokens where it is larger than the list, cut where it is smaller.
 *
 * @param size number of tokens, at least 128 (the special tokens, the letters and digits must fit)
 */
function wordPieceTokens(size: number): string[] {
  const tokens = [...WORDPIECE_TOKENS, ...wordPieces()].slice(0, size);
  for (let i = 0; tokens.length < size; i += 1) tokens.push(`${WORD_START}[unused${i}]`);
  return tokens;
}

/** The metadata of this vocabulary: `tokenizer.ggml.*`. */
export function wordPieceMetadata(size: number, tokenTypes: number): Metadata {
  const tokens = wordPieceTokens(size);
  const types = tokens.map((_, id) =>
    id < WORDPIECE_TOKENS.length ? TOKEN_TYPE.control : TOKEN_TYPE.normal,
  );
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'bert' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'default' }],
    ['tokenizer.ggml.token_type_count', { type: 'u32', value: tokenTypes }],
    ['tokenizer.ggml.tokens', { type: 'string[]', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'i32[]', value: types }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.start }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.separator }],
    ['tokenizer.ggml.unknown_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.unknown }],
    // The missing letter is part of the key's name in the format.
    ['tokenizer.ggml.seperator_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.separator }],
    ['tokenizer.ggml.padding_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.pad }],
    ['tokenizer.ggml.mask_token_id', { type: 'u32', value: WORDPIECE_SPECIAL.mask }],
    // As llama.cpp's converter writes them for BERT models; [CLS] and [SEP] are added once, whatever these say.
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_sep_token', { type: 'bool', value: false }],
    ['tokenizer.ggml.normalizer.lowercase', { type: 'bool', value: true }],
  ];
}

const SENTENCEPIECE_SPECIAL = { unknown: 0, start: 1, end: 2 } as const;

const SENTENCEPIECE_TOKENS = ['<unk>', '<s>', '</s>'];
const BYTE_TOKENS = 256;
const CHARACTERS = Array.from(
  WORD_START + 'etaoinshrdlcumwfgypbvkjxqzETAOINSHRDLCUMWFGYPBVKJXQZ0123456789.,;:!?\'"()-/&%$',
);
/** Learned once: it takes a moment. */
let allPieces: string[] | null = null;
const MAX_PIECES = 700;

/**
 * The vocabulary of a given size: padded with unused tokens where it is larger than the list.
 *
 * @param size number of tokens, at least 512
 */
function sentencePieceTokens(size: number): { tokens: string[]; scores: number[]; types: number[] } {
  allPieces ??= [...new Set(learnMerges(MAX_PIECES, WORD_START).map((pair) => pair.join('')))];
  const bytes = Array.from(
    { length: BYTE_TOKENS },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const room = size - SENTENCEPIECE_TOKENS.length - BYTE_TOKENS - CHARACTERS.length;
  const merges = allPieces.filter((piece) => !CHARACTERS.includes(piece)).slice(0, Math.max(0, room));
  const tokens = [...SENTENCEPIECE_TOKENS, ...bytes, ...merges, ...CHARACTERS].slice(0, size);
  for (let i = 0; tokens.length < size; i += 1) tokens.push(`[unused${i}]`);
  const firstPiece = SENTENCEPIECE_TOKENS.length + BYTE_TOKENS;
  return {
    tokens,
    scores: tokens.map((_, id) => (id < firstPiece ? 0 : firstPiece - id)),
    types: tokens.map((_, id) => {
      if (id === SENTENCEPIECE_SPECIAL.unknown) return TOKEN_TYPE.unknown;
      if (id < SENTENCEPIECE_TOKENS.length) return TOKEN_TYPE.control;
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

/** The same pieces as T5 keeps them, for a unigram vocabulary: `tokenizer.ggml.*`, </s> after a text. */
export function unigramMetadata(size: number): Metadata {
  const { tokens, types } = sentencePieceTokens(size);
  // T5 has no token that begins a text; of two ways to split one, that with fewer and earlier pieces is the likelier
  const firstPiece = types.indexOf(TOKEN_TYPE.normal);
  const scores = tokens.map((_, id) => (id < firstPiece ? 0 : -4 - (id - firstPiece) / 256));
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 't5' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'default' }],
    ['tokenizer.ggml.tokens', { type: 'string[]', value: tokens }],
    ['tokenizer.ggml.scores', { type: 'f32[]', value: scores }],
    ['tokenizer.ggml.token_type', { type: 'i32[]', value: types }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.end }],
    ['tokenizer.ggml.unknown_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.unknown }],
    ['tokenizer.ggml.padding_token_id', { type: 'u32', value: SENTENCEPIECE_SPECIAL.start }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_space_prefix', { type: 'bool', value: true }],
    ['tokenizer.ggml.remove_extra_whitespaces', { type: 'bool', value: true }],
  ];
}

const CONTROL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
/** Room left at the end, as real files pad their vocabulary to a round size. */
const PADDING_TOKENS = 5;
const MAX_MERGES = 1024;

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for the characters from U+0100 on. */
const PRINTABLE_BYTES = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
const OTHER_BYTES = range(0, 255).filter((byte) => !PRINTABLE_BYTES.includes(byte));
const ALPHABET = [...PRINTABLE_BYTES, ...OTHER_BYTES.map((_, i) => 0x100 + i)].map((code) =>
  String.fromCharCode(code),
);
/** The character for a space in that alphabet, Ġ. */
const SPACE = String.fromCharCode(0x100 + OTHER_BYTES.indexOf(0x20));

/** Learned once: it takes a moment. */
let allMerges: Merge[] | null = null;

/**
 * The vocabulary of a given size, padded with unused tokens where the words give fewer merges.
 *
 * @param size number of tokens, at least 264
 */
function byteLevelTokens(size: number): { tokens: string[]; types: number[]; merges: string[] } {
  allMerges ??= learnMerges(MAX_MERGES, SPACE);
  const room = size - ALPHABET.length - CONTROL_TOKENS.length - PADDING_TOKENS;
  const pieces = new Set<string>();
  const merges: string[] = [];
  for (const [left, right] of allMerges) {
    const piece = left + right;
    if (pieces.size >= room && !pieces.has(piece)) break;
    pieces.add(piece);
    merges.push(`${left} ${right}`);
  }
  const normal = [...ALPHABET, ...pieces];
  const tokens = [...normal, ...CONTROL_TOKENS];
  const types: number[] = tokens.map((_, id) =>
    id < normal.length ? TOKEN_TYPE.normal : TOKEN_TYPE.control,
  );
  while (tokens.length < size) {
    tokens.push(`[PAD${tokens.length}]`);
    types.push(TOKEN_TYPE.unused);
  }
  return { tokens, types, merges };
}

/**
 * The metadata of this vocabulary: `tokenizer.ggml.*`. <|endoftext|> stands before a text where `addBos` says so, and
 * after it where `addEos` does.
 */
export function byteLevelMetadata(
  size: number,
  { addBos = false, addEos }: { addBos?: boolean; addEos: boolean },
): Metadata {
  const { tokens, types, merges } = byteLevelTokens(size);
  const end = tokens.indexOf('<|endoftext|>');
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'qwen2' }],
    ['tokenizer.ggml.tokens', { type: 'string[]', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'i32[]', value: types }],
    ['tokenizer.ggml.merges', { type: 'string[]', value: merges }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: end }],
    ['tokenizer.ggml.padding_token_id', { type: 'u32', value: end }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: end }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: addBos }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: addEos }],
  ];
}

/** Words as sentences begin with them, so that capitals have pieces too. */
const EXTRA_WORDS = 'The I And It But We So In This That Yeah What If You'.split(' ');

/** Two pieces that become one. */
type Merge = readonly [left: string, right: string];

/** A word as the pieces it is made of so far, and how often it counts. */
interface Word {
  pieces: string[];
  weight: number;
}

/**
 * Up to `count` merges, the most frequent pair first; fewer where every word has become one piece.
 *
 * @param space the character that stands for the space before a word
 */
function learnMerges(count: number, space: string): Merge[] {
  const list = [...COMMON_WORDS.slice(0, 40), ...EXTRA_WORDS, ...COMMON_WORDS.slice(40)];
  // Frequencies of words fall with their rank (Zipf); whole numbers keep the order the same on every machine.
  const table: Word[] = list.map((word, rank) => ({
    pieces: Array.from(space + word),
    weight: Math.floor(1_000_000 / (rank + 10)),
  }));
  const merges: Merge[] = [];
  while (merges.length < count) {
    const best = mostFrequentPair(table);
    if (best === null) break;
    merges.push(best);
    for (const word of table) word.pieces = merge(word.pieces, best);
  }
  return merges;
}

function mostFrequentPair(table: readonly Word[]): Merge | null {
  const weights = new Map<string, number>();
  for (const { pieces, weight } of table) {
    for (let i = 0; i + 1 < pieces.length; i += 1) {
      const pair = `${pieces[i] ?? ''} ${pieces[i + 1] ?? ''}`;
      weights.set(pair, (weights.get(pair) ?? 0) + weight);
    }
  }
  let best: string | null = null;
  let highest = 0;
  for (const [pair, weight] of weights) {
    if (weight > highest || (weight === highest && best !== null && pair < best)) {
      best = pair;
      highest = weight;
    }
  }
  if (best === null) return null;
  const [left = '', right = ''] = best.split(' ');
  return [left, right];
}

function merge(pieces: readonly string[], [left, right]: Merge): string[] {
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
