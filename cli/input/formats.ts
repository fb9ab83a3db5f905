import { LongEmbedError } from '../../lib/error.js';

/** A parsed line: its content or what is wrong with that, and its id when it has one of its own. */
export interface Line {
  readonly id?: string | number;
  readonly content: LineContent | LongEmbedError;
}

/** A text, content token ids, or a document in chunks. */
export type LineContent = string | readonly number[] | { readonly chunks: readonly string[] };

/** The keys of a jsonl line that hold its id and its text; null: the first that is there of those in common use. */
export interface JsonlKeys {
  readonly id: string | null;
  readonly text: string | null;
  /** Whether chunks are wanted: `chunks` then comes before the text. */
  readonly inChunks?: boolean;
}

const ID_KEYS = ['id', '_id', 'doc_id', 'docid'];
const TEXT_KEYS = ['text', 'contents', 'content'];

const JSONL_LINE = '{"id": "…", "text": "…"}';
const TOKENS_LINE = 'an array of token ids such as [2023, 2003]';

/**
 * Reads `{"id", "text"}`. A title goes before the text, as in BEIR, unless the caller named the text's key. Other keys are the
 * user's own and ignored; a line without an id is named by its number. Where the id can be used and the rest cannot, the content is
 * the error, so that it is reported by that id.
 * @throws LongEmbedError ERR_INVALID_OPTION when the line is malformed and has no id that can be used
 */
export function parseJsonl(line: string, keys: JsonlKeys = { id: null, text: null }): Line {
  const value = parseJson(line, JSONL_LINE);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The line is not an object: expected ${JSONL_LINE}.`);
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const idKey = presentKey(fields, keys.id, ID_KEYS);
  if (idKey === undefined) return { content: contentOf(fields, keys) };
  const id = checkId(idKey, fields.get(idKey));
  try {
    return { id, content: contentOf(fields, keys) };
  } catch (error) {
    if (!(error instanceof LongEmbedError)) throw error;
    return { id, content: error };
  }
}

function presentKey(
  fields: ReadonlyMap<string, unknown>,
  key: string | null,
  known: readonly string[],
): string | undefined {
  return (key === null ? known : [key]).find((name) => fields.has(name));
}

/** @throws LongEmbedError ERR_INVALID_OPTION when there is none, or it is of another type */
function contentOf(fields: ReadonlyMap<string, unknown>, keys: JsonlKeys): LineContent {
  const textKey = presentKey(fields, keys.text, TEXT_KEYS);
  const chunks = keys.text === null ? fields.get('chunks') : undefined;
  if (chunks !== undefined && (keys.inChunks === true || textKey === undefined)) {
    if (!Array.isArray(chunks) || !chunks.every((chunk) => typeof chunk === 'string')) {
      throw malformed('"chunks" is not an array of strings.');
    }
    return { chunks };
  }
  if (textKey === undefined) {
    throw malformed(
      `The line has no "${keys.text ?? 'text'}" (its keys: ${[...fields.keys()].join(', ') || 'none'}): ` +
        `expected ${JSONL_LINE}; --text-key names another key.`,
    );
  }
  const text = fields.get(textKey);
  if (typeof text !== 'string') throw malformed(`"${textKey}" is not a string: expected ${JSONL_LINE}.`);
  const title = keys.text === null ? fields.get('title') : undefined;
  return typeof title === 'string' && title.trim() !== '' ? `${title} ${text}` : text;
}

/** An id must come out as it went in; a number past 2^53 would not. */
function checkId(key: string, id: unknown): string | number {
  if (typeof id === 'string') return id;
  if (typeof id === 'number' && Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id)))
    return id;
  throw malformed(`"${key}" must be a string or a number; one of more than 15 digits must be a string.`);
}

/** Reads a JSON array of content token ids. The model checks whether it has them. */
export function parseTokens(line: string): Line {
  const value = parseJson(line, TOKENS_LINE);
  if (!Array.isArray(value)) throw malformed(`The line is not an array: expected ${TOKENS_LINE}.`);
  const wrong = value.findIndex((id) => !Number.isInteger(id) || (id as number) < 0);
  if (wrong >= 0) {
    throw malformed(
      `Element ${wrong} is ${JSON.stringify(value[wrong])}, not a token id: expected ${TOKENS_LINE}.`,
    );
  }
  return { content: value as number[] };
}

/** Reads a line of JSON; throws ERR_INVALID_OPTION when it is not. */
function parseJson(line: string, expected: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw malformed(`The line is not JSON (${(error as Error).message}): expected ${expected}.`);
  }
}

/** A line or field that does not match the format. */
function malformed(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
