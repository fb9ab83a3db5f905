import { display, LongEmbedError } from '../error.js';
import type { TokenInput } from './types.js';

/** A document as it came: its text, or content token ids (a copy, which the caller cannot change). */
export type DocumentInput = { readonly text: string } | { readonly tokens: TokenInput };

/**
 * Reads what `embed` takes.
 * @throws LongEmbedError ERR_INVALID_OPTION, for values that TypeScript would have refused
 */
export function readInput(input: unknown): DocumentInput {
  if (typeof input === 'string') return { text: input };
  if (isTokenInput(input)) return { tokens: input.slice() };
  throw invalid(
    `The input is ${display(input)}: it must be a string, or content token ids (an array or Int32Array).`,
  );
}

/** Reads an item of `embedMany`'s inputs. @throws LongEmbedError ERR_INVALID_OPTION */
export function readManyInput(input: unknown): DocumentInput {
  if (!isRecord(input)) return readInput(input);
  const { text, tokens } = input;
  if (input['id'] !== undefined && readId(input) === undefined) {
    throw invalid(`The id of the input is ${display(input['id'])}: it must be a string or a number.`);
  }
  if (text !== undefined && tokens !== undefined) {
    throw invalid('The input has both text and tokens: give one of them.');
  }
  if (typeof text === 'string') return { text };
  if (isTokenInput(tokens)) return { tokens: tokens.slice() };
  throw invalid(
    tokens === undefined
      ? `The text of the input is ${display(text)}: it must be a string (or give tokens, content token ids).`
      : `The tokens of the input are ${display(tokens)}: they must be an array or Int32Array of content token ids.`,
  );
}

/** The id of an item of `embedMany`'s inputs; undefined when it has none, or one that cannot be. */
export function readId(input: unknown): string | number | undefined {
  const id = isRecord(input) ? input['id'] : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

function isTokenInput(input: unknown): input is TokenInput {
  return Array.isArray(input) || input instanceof Int32Array;
}

function isRecord(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input) && !ArrayBuffer.isView(input);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
