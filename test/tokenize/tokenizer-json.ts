/** Builds a tokenizer.json from the vocabulary in a GGUF file, as the model's author would have published it. */
import { readMetadata } from './gguf-vocabulary.js';

/** llama.cpp's token types. */
const CONTROL = 3;
const UNKNOWN = 2;
/** Stands for a space in SentencePiece; llama.cpp also marks WordPiece's word starts with it. */
const SPACE = '\u2581';

function vocabularyOf(path: string) {
  const metadata = readMetadata(path);
  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  const types = metadata.get('tokenizer.ggml.token_type') as number[];
  const scores = metadata.get('tokenizer.ggml.scores') as number[] | undefined;
  const special = tokens.flatMap((content, id) =>
    types[id] === CONTROL || types[id] === UNKNOWN ? [{ id, content, special: true }] : [],
  );
  return { tokens, types, scores, special };
}

/** BERT's uncased tokenizer. */
export function wordPieceJson(path: string): object {
  const { tokens, types, special } = vocabularyOf(path);
  const original = (token: string, id: number): string => {
    if (types[id] === CONTROL) return token;
    return token.startsWith(SPACE) ? token.slice(1) : `##${token}`;
  };
  return {
    version: '1.0',
    added_tokens: special,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [original(token, id), id])),
    },
  };
}

/**
 * Llama's SentencePiece tokenizer, which the Rust library runs as BPE: a piece's merges are all its splits in two known
 * pieces, and a higher score merges first.
 */
export function sentencePieceJson(path: string): object {
  const { tokens, scores = [], special } = vocabularyOf(path);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const unmerged = new Set(special.map(({ content }) => content));
  const byScore = tokens.map((_, id) => id).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const merges = byScore.flatMap((id) => {
    const token = tokens[id]!;
    if (unmerged.has(token) || /^<0x[0-9A-F]{2}>$/.test(token)) return [];
    const letters = Array.from(token);
    return letters.slice(1).flatMap((_, i) => {
      const [left, right] = [letters.slice(0, i + 1).join(''), letters.slice(i + 1).join('')];
      return ids.has(left) && ids.has(right) ? [[left, right]] : [];
    });
  });
  return {
    version: '1.0',
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: SPACE },
        { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
      ],
    },
    pre_tokenizer: null,
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}
