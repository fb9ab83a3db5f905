import { LongEmbedError, type ErrorCode } from '../lib/error.js';
import { UnusableVectorError } from '../lib/model/unusable-vector.js';

/** What kind of failure it is, in OpenAI's words where it has one. */
export type ApiErrorType =
  'invalid_request_error' | 'authentication_error' | 'overloaded_error' | 'server_error';

interface Details {
  /** A word that programs can compare. */
  readonly code: string;
  /** The field of the request that it is about. */
  readonly param?: string | null | undefined;
  readonly type?: ApiErrorType | undefined;
  /** Seconds after which another try may succeed. */
  readonly retryAfter?: number | undefined;
  /** Whether another try can succeed at all. Default: whether the status says so. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** Statuses that clients try again by themselves (OpenAI's do so with 408, 409, 429 and all from 500). */
const RETRYABLE = [408, 409, 429, 500, 503];

/** A failed request as its client learns of it: the message says what was wrong and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly type: ApiErrorType;
  readonly param: string | null;
  readonly retryAfter: number | undefined;
  readonly retryable: boolean;

  constructor(status: number, message: string, { code, param, type, retryAfter, retryable, cause }: Details) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.type = type ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
    this.param = param ?? null;
    this.retryAfter = retryAfter;
    this.retryable = retryable ?? RETRYABLE.includes(status);
  }

  /**
   * The headers that tell clients whether to try again. Without the first, OpenAI's clients decide by the status alone, and
   * would compute what cannot succeed three times.
   */
  get headers(): Record<string, string> {
    return {
      ...(this.retryable ? {} : { 'x-should-retry': 'false' }),
      ...(this.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(this.retryAfter)) }),
    };
  }
}

/** The status of a request whose client has gone: nobody reads it, but logs and metrics count it (nginx's number). */
export const CLIENT_GONE = 499;

const STATUS: Record<ErrorCode, number> = {
  ERR_INPUT_EMPTY: 400,
  ERR_INPUT_TOO_LONG: 400,
  ERR_TOKENIZER: 400,
  ERR_INVALID_OPTION: 400,
  ERR_STRATEGY_UNSUPPORTED: 400,
  ERR_ARCHITECTURE_UNSUPPORTED: 400,
  ERR_MODEL_NOT_FOUND: 503,
  ERR_MODEL_INVALID: 503,
  ERR_OUT_OF_MEMORY: 503,
  ERR_BACKEND: 500,
  ERR_ABORTED: CLIENT_GONE,
  ERR_DISPOSED: 503,
};

/** Codes whose messages name files or repeat the engine's output: those are for the operator. */
const PRIVATE: Partial<Record<ErrorCode, string>> = {
  ERR_MODEL_NOT_FOUND: 'The file of the model is gone.',
  ERR_MODEL_INVALID: 'The file of the model has changed or cannot be used.',
  ERR_BACKEND: 'The engine failed while it computed this request. Another try may succeed.',
  ERR_DISPOSED: 'The model was unloaded while the request waited. Another try will succeed.',
};

/** Codes that clients of OpenAI's API know by another name. */
const CODES: Partial<Record<ErrorCode, string>> = { ERR_INPUT_TOO_LONG: 'context_length_exceeded' };

const PARAMS: Partial<Record<ErrorCode, string>> = {
  ERR_INPUT_EMPTY: 'input',
  ERR_INPUT_TOO_LONG: 'input',
  ERR_TOKENIZER: 'input',
  ERR_STRATEGY_UNSUPPORTED: 'extend',
};

/** Any failure as its client learns of it. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof LongEmbedError)) {
    return new ApiError(500, 'The server failed in a way that it does not know. Its log may say more.', {
      code: 'internal_error',
      cause: error,
    });
  }
  if (error.code === 'ERR_ABORTED' && error.cause instanceof ApiError) return error.cause;
  if (error instanceof UnusableVectorError) return withoutVector(error);
  const status = STATUS[error.code];
  return new ApiError(status, PRIVATE[error.code] ?? error.message, {
    code: CODES[error.code] ?? error.code,
    param: PARAMS[error.code],
    // what did not fit into memory will not fit the next time either, nor will a file mend itself
    retryable: RETRYABLE.includes(status) && !/MEMORY|MODEL/.test(error.code),
    cause: error,
  });
}

/** An input without a usable vector is no fault of the engine's: its message names no file, and another try gives the same. */
function withoutVector(error: UnusableVectorError): ApiError {
  const { place, isCut, message } = error;
  const input = place.part === null ? `Input ${place.index}` : `Chunk ${place.part} of input ${place.index}`;
  return new ApiError(422, `${input} has no usable vector. ${message}`, {
    code: 'unusable_vector',
    param: isCut ? 'dimensions' : 'input',
    cause: error,
  });
}

/** What a request is told while the server ends. */
export function shuttingDown(): ApiError {
  return new ApiError(503, 'The server is shutting down: another try may reach the next one.', {
    code: 'shutting_down',
    retryAfter: 1,
  });
}
