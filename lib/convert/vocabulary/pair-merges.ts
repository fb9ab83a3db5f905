import { boolEntry, type MetadataEntry, stringEntry } from '../../gguf/index.js';
import type { Checkpoint } from '../architectures/architecture.js';
import { inexpressible, invalidCheckpoint, unsupportedCheckpoint } from '../invalid.js';
import { namedTokens, readTokenizer, type TokenizerFile } from './tokenizer-json.js';
import { specialEntries, textsById, TokenTable, TOKEN_TYPES } from './token-table.js';

const SPACE = '\u2581';
const BYTE = /^<0x[0-9A-F]{2}>$/;

/** Score of a piece that no merge gives: a single character. */
const NO_MERGE = -1e6;

/**
 * A vocabulary of pieces that are merged pair by pair (Gemma), from tokenizer.json. A GGUF file has scores of pieces where
 * tokenizer.json has an order of pairs; they say the same if the pairs are all that give a piece.
 * @param rows of the model's matrix
 * @throws LongEmbedError ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED
 */
export async function pairMergeEntries(checkpoint: Checkpoint, rows: number): Promise<MetadataEntry[]> {
  const { transformer, folder } = checkpoint;
  const named = await namedTokens(transformer);
  const file = await readTokenizer(transformer);
  if (file === null) throw invalidCheckpoint(folder, 'it has no tokenizer.json.');
  checkKind(file, folder);
  const texts = textsById(file.path, file.model.inner('vocab')?.entries() ?? []);
  const table = new TokenTable(file.path, texts, scoresOf(file, folder, texts));
  table.complete(file.added, rows);
  texts.forEach((text, id) => {
    if (BYTE.test(text)) table.setType(id, TOKEN_TYPES.byte);
  });
  const unknown = table.requiredId(file.model.text('unk_token'));
  table.setType(unknown, TOKEN_TYPES.unknown);
  const [start, ...moreBefore] = file.before;
  const [end, ...moreAfter] = file.after;
  if (moreBefore.length + moreAfter.length > 0) {
    throw inexpressible(folder, 'its tokenizer puts several special tokens before or after a text.');
  }
  const idOf = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : table.idOf(text);
  const ids = {
    bos: start === undefined ? idOf(named('bos_token')) : table.requiredId(start),
    eos: end === undefined ? idOf(named('eos_token')) : table.requiredId(end),
    unknown,
    padding: idOf(named('pad_token')),
  };
  // Added tokens are found in the text as it is.
  table.rename((text, type) => (type === TOKEN_TYPES.added ? text.replaceAll(SPACE, ' ') : text));
  return [
    stringEntry('tokenizer.ggml.model', 'llama'),
    stringEntry('tokenizer.ggml.pre', 'default'),
    ...table.entries({ scores: true }),
    ...specialEntries(ids),
    boolEntry('tokenizer.ggml.add_bos_token', start !== undefined),
    boolEntry('tokenizer.ggml.add_eos_token', end !== undefined),
    boolEntry('tokenizer.ggml.add_space_prefix', false),
  ];
}

function checkKind({ kind, model, normalizers }: TokenizerFile, folder: string): void {
  const [spaces, ...more] = normalizers;
  const isOurs =
    kind === 'BPE' &&
    model.flag('byte_fallback', false) &&
    !model.flag('ignore_merges', false) &&
    more.length === 0 &&
    spaces?.text('type') === 'Replace' &&
    spaces.inner('pattern')?.get('String') === ' ' &&
    spaces.text('content') === SPACE;
  if (!isOurs) throw unsupportedCheckpoint(folder, "its tokenizer is not SentencePiece's with bytes.");
}

/** The earlier a piece's first merge, the higher its score. */
function scoresOf({ path, model, added }: TokenizerFile, folder: string, texts: readonly string[]): number[] {
  const ranks = new Map<string, number>();
  const pairs = new Set<string>();
  let last: string | null = null;
  for (const merge of model.list('merges')) {
    const [left, right, ...more] = Array.isArray(merge)
      ? (merge as unknown[])
      : typeof merge === 'string'
        ? merge.split(' ')
        : [];
    if (typeof left !== 'string' || typeof right !== 'string' || more.length > 0) {
      throw invalidCheckpoint(path, 'one of its merges is no pair of pieces.');
    }
    const piece = left + right;
    if (piece !== last && ranks.has(piece)) {
      throw inexpressible(
        folder,
        `its tokenizer has other merges between two that give ${JSON.stringify(piece)}, and a file has one score for both.`,
      );
    }
    last = piece;
    if (!ranks.has(piece)) ranks.set(piece, ranks.size);
    pairs.add(`${left} ${right}`);
  }
  const known = new Set(texts);
  for (const { content } of added) known.delete(content);
  for (const text of texts) {
    if (!known.has(text) || BYTE.test(text)) continue;
    for (let i = 1; i < text.length; i += 1) {
      const [left, right] = [text.slice(0, i), text.slice(i)];
      if (!known.has(left) || !known.has(right) || pairs.has(`${left} ${right}`)) continue;
      throw inexpressible(
        folder,
        `its tokenizer does not merge ${JSON.stringify(left)} and ${JSON.stringify(right)} into a piece that it has.`,
      );
    }
  }
  return texts.map((text) => {
    const rank = ranks.get(text);
    return rank === undefined ? NO_MERGE : -rank;
  });
}
