import { LongEmbedError } from '../../lib/error.js';

/** Why a document could not be read: a code of `LongEmbedError`, or the system's (ENOENT) when a file cannot be opened. */
export interface ReadFailure {
  readonly code: string;
  readonly message: string;
}

/** A document as it was read, or why it was not. */
export interface Document {
  /** What the result is named after: the path of a text, the `id` of a line, or the line's number from 0. */
  readonly id: string | number;
  /** Where it stands, for messages: the path, or path:line with lines counted from 1 as editors do. */
  readonly where: string;
  /** What it took up in its file, for progress. */
  readonly bytes: number;
  readonly content: string | readonly number[] | ReadFailure;
}

/** Where documents come from: a path, or `-` for standard input. */
export interface Source {
  readonly path: string;
  readonly format: 'text' | 'jsonl' | 'tokens';
  /** The bytes, in pieces as they arrive. Throws the system's error when the file cannot be read. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

export function isFailure(content: Document['content']): content is ReadFailure {
  return typeof content === 'object' && 'code' in content;
}

const SYSTEM: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission to read it is denied',
  EISDIR: 'it is a directory; name the files in it',
  ENOTDIR: 'a part of its path is not a directory',
};

/** Turns what reading threw into the document's failure; throws it again when it is no failure of the document. */
export function failureOf(error: unknown): ReadFailure {
  if (error instanceof LongEmbedError) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return { code, message: SYSTEM[code] ?? message };
}

/** A line or field that is not what the format wants. */
export function malformed(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
