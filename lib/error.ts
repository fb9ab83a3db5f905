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
 * - `ERR_MODEL_INVALID`: the file is empty, cut off, or no GGUF model
 * - `ERR_ARCHITECTURE_UNSUPPORTED`: llama.cpp knows no such architecture, or it gives no embeddings
 * - `ERR_STRATEGY_UNSUPPORTED`: this model cannot take that context-extension strategy
 * - `ERR_INVALID_OPTION`: an option or argument is unknown, of the wrong type or out of range
 * - `ERR_INPUT_EMPTY`: the text is empty, only white space, or gives no tokens
 * - `ERR_INPUT_TOO_LONG`: more tokens than the strategy's target or `maxTokens`
 * - `ERR_TOKENIZER`: the text is not well-formed Unicode, a token id is outside the vocabulary, or a tokenizer.json is unusable
 * - `ERR_OUT_OF_MEMORY`: the machine or the GPU has not enough memory
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
