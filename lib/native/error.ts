import { ERROR_CODES, LongEmbedError, type ErrorCode } from '../error.js';

/**
 * Turns what the native side threw into a LongEmbedError: the one place where that happens. An error without one of
 * our codes is a fault of the native side itself, hence ERR_BACKEND.
 */
export function toLongEmbedError(error: unknown): LongEmbedError {
  if (error instanceof LongEmbedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LongEmbedError(codeOf(error), message, { cause: error });
}

function codeOf(error: unknown): ErrorCode {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return ERROR_CODES.find((known) => known === code) ?? 'ERR_BACKEND';
}
