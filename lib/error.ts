/** The codes of `LongEmbedError`. */
export const ERROR_CODES = [
  'ERR_MODEL_NOT_FOUND',
  'ERR_MODEL_INVALID',
  'ERR_ARCHITECTURE_UNSUPPORTED',
  'ERR_STRATEGY_UNSUPPORTED',
  'ERR_INVALID_OPTION',
  'ERR_INPUT_EMPTY',
  'ERR_INPUT_TOO_LONG',
  'ERR_TOKENIZER',
  'ERR_OUT_OF_MEMORY',
  'ERR_BACKEND',
  'ERR_ABORTED',
  'ERR_DISPOSED',
] as const;

/**
 * What went wrong:
 * - `ERR_MODEL_NOT_FOUND`: no file at the path
 * - `ERR_MODEL_INVALID`: the file is empty, truncated, or not a GGUF model
 * - `ERR_ARCHITECTURE_UNSUPPORTED`: llama.cpp does not know the architecture, or it produces no embeddings
 * - `ERR_STRATEGY_UNSUPPORTED`: the model does not support that context-extension strategy
 * - `ERR_INVALID_OPTION`: an option or argument is unknown, of the wrong type or out of range
 * - `ERR_INPUT_EMPTY`: the text is empty, only white space, or produces no tokens
 * - `ERR_INPUT_TOO_LONG`: more tokens than the strategy's target or `maxTokens`
 * - `ERR_TOKENIZER`: the text is not well-formed Unicode, a token id is outside the vocabulary, a tokenizer.json is unusable or of
 *   another vocabulary, or a WordPiece vocabulary has no [CLS] or [SEP]
 * - `ERR_OUT_OF_MEMORY`: the machine or the GPU does not have enough memory
 * - `ERR_BACKEND`: the native side failed, or its binary is missing
 * - `ERR_ABORTED`: the call's AbortSignal was aborted; `cause` is the signal's reason
 * - `ERR_DISPOSED`: the model was disposed
 */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The one error class of longembed. `message` says in a sentence what was wrong and what to do about it.
 * @example
 * try {
 *   await model.embed(text);
 * } catch (error) {
 *   if (error instanceof LongEmbedError && error.code === 'ERR_INPUT_TOO_LONG') {
 *     return model.embed(text, { extend: 'pcw:32k' });
 *   }
 *   throw error;
 * }
 */
export class LongEmbedError extends Error {
  override readonly name = 'LongEmbedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const WRITE_REASONS: Record<string, string> = {
  ERR_ACCESS_DENIED: "Node's permission model forbids it (--allow-fs-write allows it)",
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory; name a file in it',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it is larger than a file may be',
  ENAMETOOLONG: 'the name is too long',
};

const READ_REASONS: Record<string, string> = {
  ERR_ACCESS_DENIED: "Node's permission model forbids it (--allow-fs-read allows it)",
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory; name the files in it',
  EACCES: 'permission to read it is denied',
};

/** Why a file could not be written: a clause without a full stop. */
export function writeFailure(error: unknown): string {
  return reasonOf(error, WRITE_REASONS);
}

/** Why a file could not be read: a clause without a full stop. */
export function readFailure(error: unknown): string {
  return reasonOf(error, READ_REASONS);
}

/** Why a process or thread could not be started: a clause without a full stop. @param ways what allows it */
export function startFailure(error: unknown, ways: string): string {
  return reasonOf(error, { ERR_ACCESS_DENIED: `Node's permission model forbids it (${ways})` });
}

function reasonOf(error: unknown, reasons: Record<string, string>): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? message;
}

/** A value as an error message shows it: short, on one line, and never itself a cause of errors. */
export function display(value: unknown): string {
  if (typeof value === 'string') return cut(JSON.stringify(value));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return cut(String(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const maker: unknown = value.constructor;
  const name = typeof maker === 'function' ? maker.name : '';
  return name === '' || name === 'Object' ? 'an object' : `an object of class ${cut(name)}`;
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
