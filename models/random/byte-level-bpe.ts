/**
 * A byte-level BPE vocabulary in Qwen2's form: the 256 bytes as printable characters, the results of merges, then the
 * control tokens, then unused ones.
 */
import { learnMerges, type Merge } from './byte-pair.js';
import type { Metadata } from './gguf.js';
import { TOKEN_TYPE } from './token-type.js';

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
/** What stands for a space in that alphabet, Ġ. */
const SPACE = String.fromCharCode(0x100 + OTHER_BYTES.indexOf(0x20));

/** Learned once: it takes a moment. */
let allMerges: Merge[] | null = null;

/**
 * The vocabulary of a given size, padded with unused tokens where the words give fewer merges.
 *
 * @param size number of tokens, at least 264
 */
export function byteLevelTokens(size: number): { tokens: string[]; types: number[]; merges: string[] } {
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
 * The metadata of this vocabulary: `tokenizer.ggml.*`. There is no token before a text, and <|endoftext|> after it where
 * `addEos` says so.
 */
export function byteLevelMetadata(size: number, { addEos }: { addEos: boolean }): Metadata {
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
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: addEos }],
  ];
}
