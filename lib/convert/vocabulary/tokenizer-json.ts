import { join } from 'node:path';
import { invalidCheckpoint, unsupportedCheckpoint } from '../invalid.js';
import { isObject, type JsonObject, readJson, Settings } from '../json-file.js';

/** A token beside the model's own vocabulary, or one of it that is found before the text is split. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** What tokenizer.json says, as far as vocabularies of all kinds have it. */
export interface TokenizerFile {
  readonly path: string;
  /** `WordPiece`, `Unigram`, `BPE` … */
  readonly kind: string;
  readonly model: Settings;
  readonly added: readonly AddedToken[];
  /** Steps one after the other, those of sequences among them. */
  readonly normalizers: readonly Settings[];
  readonly preTokenizers: readonly Settings[];
  /** Special tokens around a text. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Null: there is no such file. @throws LongEmbedError ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED */
export async function readTokenizer(folder: string): Promise<TokenizerFile | null> {
  const path = join(folder, 'tokenizer.json');
  const file = await Settings.read(path);
  if (file === null) return null;
  const model = file.inner('model');
  if (model === null) throw file.wrong('model', 'it must be an object');
  const around = templateOf(folder, file);
  return {
    path,
    // Files of before 2021 do not name WordPiece.
    kind: model.text('type', model.get('continuing_subword_prefix') === undefined ? '' : 'WordPiece'),
    model,
    added: (file.get('added_tokens') === undefined ? [] : file.list('added_tokens')).map((token) =>
      addedToken(path, token),
    ),
    normalizers: steps(path, file.get('normalizer'), 'normalizers'),
    preTokenizers: steps(path, file.get('pre_tokenizer'), 'pretokenizers'),
    ...around,
  };
}

function addedToken(path: string, token: unknown): AddedToken {
  if (isObject(token)) {
    const { id, content, special } = token;
    if (typeof content === 'string' && Number.isSafeInteger(id) && (id as number) >= 0) {
      return { id: id as number, content, special: special === true };
    }
  }
  throw invalidCheckpoint(path, 'one of its added_tokens has no "id" or "content".');
}

function steps(path: string, value: unknown, key: string, depth = 0): Settings[] {
  if (value === undefined) return [];
  if (!isObject(value) || depth > 4) throw invalidCheckpoint(path, `its ${key} are no objects.`);
  const step = new Settings(path, value);
  if (step.text('type') !== 'Sequence') return [step];
  return step.list(key).flatMap((inner) => steps(path, inner, key, depth + 1));
}

/** The special tokens that a post-processor puts around a single text. */
function templateOf(folder: string, file: Settings): { before: string[]; after: string[] } {
  const processor = file.inner('post_processor');
  if (processor === null) return { before: [], after: [] };
  const type = processor.text('type');
  if (type === 'BertProcessing' || type === 'RobertaProcessing') {
    return { before: [pairOf(processor, 'cls')], after: [pairOf(processor, 'sep')] };
  }
  if (type !== 'TemplateProcessing') {
    throw unsupportedCheckpoint(
      folder,
      `its tokenizer's post_processor is ${JSON.stringify(type.slice(0, 40))}.`,
    );
  }
  const pieces = processor.list('single').map((piece) => pieceOf(processor, piece));
  const text = pieces.indexOf(null);
  const isWhole = text >= 0 && pieces.lastIndexOf(null) === text;
  if (!isWhole) throw processor.wrong('single', 'it must have one text');
  const special = (from: number, to: number): string[] =>
    pieces.slice(from, to).filter((piece) => piece !== null);
  return { before: special(0, text), after: special(text + 1, pieces.length) };
}

/** A special token; null for the text. */
function pieceOf(processor: Settings, piece: unknown): string | null {
  if (isObject(piece)) {
    if (isObject(piece['Sequence'])) return null;
    const { SpecialToken: token } = piece;
    if (isObject(token) && typeof token['id'] === 'string') return token['id'];
  }
  throw processor.wrong('single', 'a piece of it is neither a text nor a special token');
}

function pairOf(processor: Settings, key: string): string {
  const [token] = processor.list(key);
  if (typeof token === 'string') return token;
  throw processor.wrong(key, 'it must be a token and its id');
}

/**
 * The text of a special token by its role ("pad_token"), as tokenizer_config.json or special_tokens_map.json name it;
 * undefined when they do not.
 */
export async function namedTokens(folder: string): Promise<(role: string) => string | undefined> {
  const files = await Promise.all(
    ['tokenizer_config.json', 'special_tokens_map.json'].map((name) => readJson(join(folder, name))),
  );
  const objects = files.filter((file): file is JsonObject => isObject(file));
  return (role) => {
    for (const object of objects) {
      const value = Object.hasOwn(object, role) ? object[role] : undefined;
      if (typeof value === 'string') return value;
      if (isObject(value) && typeof value['content'] === 'string') return value['content'];
    }
    return undefined;
  };
}
