import { boolEntry, bytesEntry, type MetadataEntry, stringEntry } from '../../gguf/index.js';
import type { Checkpoint } from '../architectures/architecture.js';
import { inexpressible, invalidCheckpoint, unsupportedCheckpoint } from '../invalid.js';
import type { Settings } from '../json-file.js';
import { namedTokens, readTokenizer, type TokenizerFile } from './tokenizer-json.js';
import { specialEntries, TokenTable, TOKEN_TYPES } from './token-table.js';

/** What a text goes through before it is split into pieces. */
interface Preparation {
  /** SentencePiece's table of replacements. */
  readonly charsmap: Uint8Array | null;
  readonly removesSpaces: boolean;
  readonly addsSpace: boolean;
}

/**
 * A vocabulary of pieces with probabilities (T5), from tokenizer.json.
 * @param rows of the model's matrix
 * @throws LongEmbedError ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED
 */
export async function unigramEntries(checkpoint: Checkpoint, rows: number): Promise<MetadataEntry[]> {
  const { transformer, folder } = checkpoint;
  const named = await namedTokens(transformer);
  const file = await readTokenizer(transformer);
  if (file === null) {
    throw invalidCheckpoint(
      folder,
      'it has no tokenizer.json: AutoTokenizer.from_pretrained(…).save_pretrained(…) writes one.',
    );
  }
  if (file.kind !== 'Unigram') {
    throw unsupportedCheckpoint(
      folder,
      `its tokenizer is ${JSON.stringify(file.kind.slice(0, 40))}, not Unigram.`,
    );
  }
  if (file.model.flag('byte_fallback', false))
    throw inexpressible(folder, 'its tokenizer falls back to bytes.');
  const { charsmap, removesSpaces, addsSpace } = preparation(file, folder);
  const pieces = file.model.list('vocab').map((piece) => pieceOf(file, piece));
  const table = new TokenTable(
    file.path,
    pieces.map(([text]) => text),
    pieces.map(([, score]) => score),
  );
  table.complete(file.added, rows);
  const unknown = file.model.whole('unk_id', undefined, { min: 0, max: pieces.length - 1 });
  table.setType(unknown, TOKEN_TYPES.unknown);
  const [start, ...moreBefore] = file.before;
  const [end, ...moreAfter] = file.after;
  if (moreBefore.length + moreAfter.length > 0) {
    throw inexpressible(folder, 'its tokenizer puts several special tokens before or after a text.');
  }
  const ending = end ?? named('eos_token');
  const padding = named('pad_token');
  return [
    stringEntry('tokenizer.ggml.model', 't5'),
    stringEntry('tokenizer.ggml.pre', 'default'),
    ...table.entries({ scores: true }),
    ...specialEntries({
      bos: start === undefined ? undefined : table.requiredId(start),
      eos: ending === undefined ? undefined : table.requiredId(ending),
      unknown,
      padding: padding === undefined ? undefined : table.idOf(padding),
    }),
    boolEntry('tokenizer.ggml.add_bos_token', start !== undefined),
    boolEntry('tokenizer.ggml.add_eos_token', end !== undefined),
    boolEntry('tokenizer.ggml.add_space_prefix', addsSpace),
    boolEntry('tokenizer.ggml.remove_extra_whitespaces', removesSpaces),
    ...(charsmap === null ? [] : [bytesEntry('tokenizer.ggml.precompiled_charsmap', charsmap)]),
  ];
}

function pieceOf({ path }: TokenizerFile, piece: unknown): [text: string, score: number] {
  if (Array.isArray(piece)) {
    const [text, score] = piece as unknown[];
    if (typeof text === 'string' && typeof score === 'number' && Number.isFinite(Math.fround(score))) {
      return [text, score];
    }
  }
  throw invalidCheckpoint(path, 'its vocabulary has a piece without text or score.');
}

function preparation({ normalizers, preTokenizers }: TokenizerFile, folder: string): Preparation {
  let charsmap: Uint8Array | null = null;
  let removesSpaces = false;
  let addsSpace = false;
  for (const step of [...normalizers, ...preTokenizers]) {
    const type = step.text('type');
    if (type === 'Precompiled' && charsmap === null) charsmap = charsmapOf(step);
    else if (type === 'WhitespaceSplit' || type === 'Strip' || isSpaceMerging(step)) removesSpaces = true;
    else if (type === 'Metaspace') addsSpace = addsSpaceBefore(step);
    else
      throw unsupportedCheckpoint(folder, `its tokenizer has the step ${JSON.stringify(type.slice(0, 40))}.`);
  }
  // llama.cpp puts one there whenever it removes others.
  if (removesSpaces && !addsSpace) throw inexpressible(folder, 'its tokenizer puts no space before a text.');
  return { charsmap, removesSpaces, addsSpace };
}

/** Runs of spaces become one. */
function isSpaceMerging(step: Settings): boolean {
  return step.text('type') === 'Replace' && step.inner('pattern')?.get('Regex') === ' {2,}';
}

function addsSpaceBefore(step: Settings): boolean {
  if (step.text('replacement', '\u2581') !== '\u2581') throw step.wrong('replacement', 'it must be U+2581');
  const scheme = step.get('prepend_scheme');
  return scheme === undefined ? step.flag('add_prefix_space', true) : scheme !== 'never';
}

function charsmapOf(step: Settings): Uint8Array | null {
  const text = step.text('precompiled_charsmap', '');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw step.wrong('precompiled_charsmap', 'it must be base64');
  }
  if (bytes.length === 0) return null;
  // Its trie's size in bytes comes first, then the trie, a number of 4 bytes a node, then the replacements.
  const trie = bytes.length < 4 ? Infinity : bytes.readUInt32LE();
  if (trie % 4 === 0 && trie > 0 && trie < bytes.length - 4) return bytes;
  throw step.wrong('precompiled_charsmap', 'it is cut short');
}
