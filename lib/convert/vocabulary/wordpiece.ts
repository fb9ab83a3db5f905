import { join } from 'node:path';
import { boolEntry, type MetadataEntry, stringEntry } from '../../gguf/index.js';
import type { Checkpoint } from '../architectures/architecture.js';
import { inexpressible, invalidCheckpoint, unsupportedCheckpoint } from '../invalid.js';
import { readText, Settings } from '../json-file.js';
import { namedTokens, readTokenizer, type TokenizerFile } from './tokenizer-json.js';
import { specialEntries, textsById, TokenTable, TOKEN_TYPES } from './token-table.js';

/** How a piece that continues a word begins, and in a GGUF file one that starts a word. */
const CONTINUES = '##';
const STARTS = '\u2581';

/** How text becomes words. */
interface Normalization {
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
}

/**
 * BERT's vocabulary, from tokenizer.json or vocab.txt.
 * @param rows of the model's matrix
 * @throws LongEmbedError ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED
 */
export async function wordPieceEntries(checkpoint: Checkpoint, rows: number): Promise<MetadataEntry[]> {
  const { transformer, folder } = checkpoint;
  const named = await namedTokens(transformer);
  const file = await readTokenizer(transformer);
  if (file !== null && file.kind !== 'WordPiece') {
    throw unsupportedCheckpoint(
      folder,
      `its tokenizer is ${JSON.stringify(file.kind.slice(0, 40))}, not WordPiece.`,
    );
  }
  const name = (role: string, usual: string): string => named(role) ?? usual;
  const start = file?.before[0] ?? name('cls_token', '[CLS]');
  const separator = file?.after[0] ?? name('sep_token', '[SEP]');
  if (file !== null && (file.before.length !== 1 || file.after.length !== 1)) {
    throw inexpressible(folder, 'its tokenizer does not put one token before and one after a text.');
  }
  const unknown = file?.model.text('unk_token', '[UNK]') ?? name('unk_token', '[UNK]');
  const { lowercase, stripAccents } =
    file === null
      ? await settingsBesideList(transformer, folder)
      : await agreed(settingsOf(file, folder), transformer);
  const table =
    file === null
      ? await readList(join(transformer, 'vocab.txt'))
      : new TokenTable(file.path, textsById(file.path, file.model.inner('vocab')?.entries() ?? []));
  table.complete(file?.added ?? [], rows);
  const ids = {
    bos: table.requiredId(start),
    eos: table.requiredId(separator),
    unknown: table.requiredId(unknown),
    // The missing letter is part of the key's name in the format.
    seperator: table.requiredId(separator),
    padding: table.idOf(name('pad_token', '[PAD]')),
    mask: table.idOf(name('mask_token', '[MASK]')),
  };
  for (const id of Object.values(ids)) if (id !== undefined) table.setType(id, TOKEN_TYPES.control);
  table.rename((text, type) => {
    if (type !== TOKEN_TYPES.normal) return text;
    return text.startsWith(CONTINUES) ? text.slice(CONTINUES.length) : STARTS + text;
  });
  return [
    stringEntry('tokenizer.ggml.model', 'bert'),
    stringEntry('tokenizer.ggml.pre', 'default'),
    ...table.entries({ scores: false }),
    ...specialEntries(ids),
    boolEntry('tokenizer.ggml.add_bos_token', true),
    boolEntry('tokenizer.ggml.add_eos_token', true),
    boolEntry('tokenizer.ggml.add_sep_token', false),
    boolEntry('tokenizer.ggml.normalizer.lowercase', lowercase),
    boolEntry('tokenizer.ggml.normalizer.strip_accents', stripAccents),
  ];
}

function settingsOf({ model, normalizers, preTokenizers }: TokenizerFile, folder: string): Normalization {
  const [normalizer, ...more] = normalizers;
  const refuse = (why: string): Error =>
    unsupportedCheckpoint(folder, `its tokenizer is not BERT's: ${why}.`);
  if (normalizer?.text('type') !== 'BertNormalizer' || more.length > 0)
    throw refuse('it normalises otherwise');
  const [splitter, ...others] = preTokenizers;
  if (splitter?.text('type') !== 'BertPreTokenizer' || others.length > 0) throw refuse('it splits otherwise');
  if (!normalizer.flag('clean_text', true)) throw refuse('it keeps control characters');
  if (!normalizer.flag('handle_chinese_chars', true)) throw refuse('it does not split Chinese characters');
  if (model.text('continuing_subword_prefix', CONTINUES) !== CONTINUES)
    throw refuse('pieces begin otherwise');
  const longest = model.whole('max_input_chars_per_word', 100);
  if (longest !== 100) throw refuse(`words may have ${longest} characters, not 100`);
  const lowercase = normalizer.flag('lowercase', true);
  return { lowercase, stripAccents: normalizer.flag('strip_accents', lowercase) };
}

/** transformers lets tokenizer_config.json win, other programs tokenizer.json: a contradiction has no right answer. */
async function agreed(settings: Normalization, transformer: string): Promise<Normalization> {
  const path = join(transformer, 'tokenizer_config.json');
  const config = await Settings.read(path);
  const { lowercase, stripAccents } = settings;
  for (const [key, value] of [
    ['do_lower_case', lowercase],
    ['strip_accents', stripAccents],
    ['tokenize_chinese_chars', true],
  ] as const) {
    const said = config?.get(key);
    if (typeof said === 'boolean' && said !== value) {
      throw invalidCheckpoint(
        path,
        `its ${key} is ${said}, and tokenizer.json says ${value}: make them agree.`,
      );
    }
  }
  return settings;
}

async function settingsBesideList(transformer: string, folder: string): Promise<Normalization> {
  const config = await Settings.read(join(transformer, 'tokenizer_config.json'));
  const lowercase = config?.flag('do_lower_case', true) ?? true;
  if (config?.flag('tokenize_chinese_chars', true) === false) {
    throw unsupportedCheckpoint(folder, 'its tokenizer does not split Chinese characters.');
  }
  return { lowercase, stripAccents: config?.flag('strip_accents', lowercase) ?? lowercase };
}

/** A token a line. */
async function readList(path: string): Promise<TokenTable> {
  const text = await readText(path);
  if (text === undefined) throw invalidCheckpoint(path, 'there is neither a tokenizer.json nor this file.');
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return new TokenTable(path, lines);
}
