import { LongEmbedError } from '../../lib/index.js';

/** Data are missing, malformed or inconsistent. */
export function badData(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, cause === undefined ? {} : { cause });
}

/** Data exist but contain nothing. */
export function emptyData(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INPUT_EMPTY', message);
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission to read it is denied',
  EPERM: 'permission to read it is denied',
};

/** A file of the data cannot be read. */
export function unreadable(path: string, error: unknown): LongEmbedError {
  const { code, message } = error as NodeJS.ErrnoException;
  return badData(`${path} cannot be read: ${REASONS[code ?? ''] ?? message}.`, error);
}
