/**
 * A WordPiece vocabulary of our own, written as llama.cpp keeps one: a piece that starts a word carries a leading ▁
 * ("phantom space"), a piece that goes on inside a word (BERT's `##ing`) carries nothing.
 */
import type { Metadata } from './gguf.js';
import { TOKEN_TYPE } from './token-type.js';
import { COMMON_WORDS } from './words.js';

/** Where the special tokens lie; not BERT's own ids, so that nobody can rely on those instead of the file's keys. */
export const WORDPIECE_SPECIAL = { pad: 0, unknown: 1, start: 2, separator: 3, mask: 4 } as const;

const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
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
function pieces(): string[] {
  const starts = [...LETTERS, ...DIGITS, ...PUNCTUATION, ...COMMON_WORDS].map((text) => `\u2581${text}`);
  const continuations = [...LETTERS, ...DIGITS, ...SUFFIXES];
  return [...new Set([...starts, ...continuations])];
}

/**
 * The vocabulary of a given size: filled up with unused tokens where it is larger than what we have, cut where it is
 * smaller.
 *
 * @param size number of tokens, at least 128 (the special tokens, the letters and digits must fit)
 */
export function wordPieceTokens(size: number): string[] {
  const tokens = [...SPECIAL_TOKENS, ...pieces()].slice(0, size);
  for (let i = 0; tokens.length < size; i += 1) tokens.push(`\u2581[unused${i}]`);
  return tokens;
}

/** The metadata of this vocabulary: `tokenizer.ggml.*`. */
export function wordPieceMetadata(size: number, tokenTypes: number): Metadata {
  const tokens = wordPieceTokens(size);
  const types = tokens.map((_, id) => (id < SPECIAL_TOKENS.length ? TOKEN_TYPE.control : TOKEN_TYPE.normal));
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
    // As llama.cpp's converter writes them for BERT's kin; [CLS] and [SEP] are put once, whatever these say.
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_sep_token', { type: 'bool', value: false }],
    ['tokenizer.ggml.normalizer.lowercase', { type: 'bool', value: true }],
  ];
}
