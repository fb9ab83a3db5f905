/**
 * The tokenizer.json that says of a made model what its GGUF vocabulary says, in the form of Hugging Face's tokenizers:
 * for tests that both give the same ids.
 */
import { SENTENCEPIECE_SPECIAL, sentencePieceTokens } from './sentencepiece.js';
import { type ModelSpec, resolveSpec } from './spec.js';
import { WORDPIECE_SPECIAL, wordPieceTokens } from './wordpiece.js';

const SPACE = '\u2581';

/** A tokenizer.json's contents, to be written with JSON.stringify. */
export function tokenizerJson(spec: ModelSpec): object {
  const resolved = resolveSpec(spec);
  return resolved.arch === 'llama' ? sentencePiece(resolved.vocabulary) : wordPiece(resolved.vocabulary);
}

function addedTokens(tokens: readonly string[], ids: readonly number[]): object[] {
  return ids.map((id) => ({
    id,
    content: tokens[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
}

function idsByToken(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((text, id) => [text, id]));
}

function wordPiece(size: number): object {
  const special = Object.values(WORDPIECE_SPECIAL);
  const tokens = wordPieceTokens(size).map((token, id) => {
    if (id < special.length) return token;
    return token.startsWith(SPACE) ? token.slice(1) : `##${token}`;
  });
  const { start, separator } = WORDPIECE_SPECIAL;
  const token = (id: number) => ({ SpecialToken: { id: tokens[id], type_id: 0 } });
  const entry = (id: number) => ({ [tokens[id] ?? '']: { id: tokens[id], ids: [id], tokens: [tokens[id]] } });
  return {
    version: '1.0',
    added_tokens: addedTokens(tokens, special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token(start), { Sequence: { id: 'A', type_id: 0 } }, token(separator)],
      pair: [token(start), { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { ...entry(start), ...entry(separator) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: tokens[WORDPIECE_SPECIAL.unknown],
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: idsByToken(tokens),
    },
  };
}

/** Llama's form: byte-pair merging, in which every way to put a piece together from two others counts. */
function sentencePiece(size: number): object {
  const { tokens, types } = sentencePieceTokens(size);
  const known = new Set(tokens.filter((_, id) => types[id] === 1));
  const merges = tokens.flatMap((token, id) => {
    if (types[id] !== 1) return [];
    const letters = Array.from(token);
    return letters
      .slice(1)
      .map((_, i) => [letters.slice(0, i + 1).join(''), letters.slice(i + 1).join('')] as const)
      .filter(([left, right]) => known.has(left) && known.has(right));
  });
  return {
    version: '1.0',
    added_tokens: addedTokens(tokens, Object.values(SENTENCEPIECE_SPECIAL)),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: SPACE },
        { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: tokens[SENTENCEPIECE_SPECIAL.unknown],
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: idsByToken(tokens),
      merges,
    },
  };
}
