/** The parts of a tokenizer.json (the Rust tokenizers library's format) that matter here. */
export interface TokenizerJson {
  added_tokens?: { id: number; content: string; special?: boolean }[];
  normalizer?: unknown;
  pre_tokenizer?: unknown;
  model: {
    type?: string;
    unk_token?: string | null;
    unk_id?: number | null;
    continuing_subword_prefix?: string | null;
    vocab: Record<string, number> | [piece: string, score: number][];
  };
}

/** The kinds of model that the library supports; it would treat any other as one of these. */
const KINDS = ['BPE', 'Unigram', 'WordPiece'];

/** @throws Error when the JSON is not a tokenizer, or one of another kind */
export function checkTokenizerJson(json: unknown): asserts json is TokenizerJson {
  const model = (json as Partial<TokenizerJson> | null)?.model;
  if (typeof model?.vocab !== 'object') throw new Error('it has no model with a vocabulary.');
  if (model.type !== undefined && !KINDS.includes(model.type)) {
    throw new Error(`its model is of type ${model.type}, but only ${KINDS.join(', ')} are supported.`);
  }
}

/** A lone surrogate: documents are checked to have none, so a piece with it cannot match anything in them. */
const UNMATCHABLE = '\uD800';

/**
 * A tokenizer.json in which text that reads like a special token ("[SEP]", "</s>") is plain text, as it is with the
 * model's own vocabulary: a document must not be able to end its own sequence. The special pieces keep their ids
 * under names that no document can contain. The parts that only add or decode special tokens are left out.
 */
export function withoutSpecialText(json: TokenizerJson): object {
  const { vocab, unk_token: unknown, unk_id: unknownId } = json.model;
  const added = json.added_tokens ?? [];
  const special = new Set(added.filter((token) => token.special === true).map((token) => token.content));
  if (typeof unknown === 'string') special.add(unknown);
  const renamed = (piece: string): string => (special.has(piece) ? UNMATCHABLE + piece : piece);

  return {
    ...json,
    added_tokens: added.filter((token) => token.special !== true),
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: null,
    decoder: null,
    model: {
      ...json.model,
      ...(typeof unknown === 'string' ? { unk_token: renamed(unknown) } : {}),
      vocab: Array.isArray(vocab)
        ? vocab.map(([piece, score], id) => [id === unknownId ? UNMATCHABLE + piece : renamed(piece), score])
        : Object.fromEntries(Object.entries(vocab).map(([piece, id]) => [renamed(piece), id])),
    },
  };
}
