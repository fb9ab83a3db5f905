import { LongEmbedError } from '../../lib/error.js';

/** A parsed line: its content, and its id when it has one of its own. */
export interface Line {
  readonly id?: string | number;
  readonly content: string | readonly number[];
}

const JSONL_LINE = '{"id": "…", "text": "…"}';
const TOKENS_LINE = 'an array of token ids such as [2023, 2003]';

/** Reads `{"id", "text"}`. Other keys are the user's own and ignored; a line without an id is named by its number. */
export function parseJsonl(line: string): Line {
  const value = parseJson(line, JSONL_LINE);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The line is not an object: expected ${JSONL_LINE}.`);
  }
  const { id, text } = value as { id?: unknown; text?: unknown };
  if (text === undefined) throw malformed(`The line has no "text": expected ${JSONL_LINE}.`);
  if (typeof text !== 'string') throw malformed(`"text" is not a string: expected ${JSONL_LINE}.`);
  return id === undefined ? { content: text } : { id: checkId(id), content: text };
}

/** An id must come out as it went in; a number past 2^53 would not. */
function checkId(id: unknown): string | number {
  if (typeof id === 'string') return id;
  if (typeof id === 'number' && Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id)))
    return id;
  throw malformed('"id" must be a string or a number; one of more than 15 digits must be a string.');
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
