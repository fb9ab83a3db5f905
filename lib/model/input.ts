import { display, LongEmbedError } from '../error.js';
import type { TokenInput } from './types.js';

/** A document as given: its text, or content token ids (a copy that the caller cannot change). */
export type DocumentInput = { readonly text: string } | { readonly tokens: TokenInput };

/**
 * Reads the input of `embed`.
 * @throws LongEmbedError ERR_INVALID_OPTION or ERR_TOKENIZER, for values that TypeScript would have refused
 */
export function readInput(input: unknown): DocumentInput {
  if (typeof input === 'string') return { text: input };
  if (Array.isArray(input) && typeof input[0] === 'string') {
    // The code that any other token id that is no number has.
    throw new LongEmbedError(
      'ERR_TOKENIZER',
      'The input is an array of strings, not of token ids: for several texts, use embedMany, with each text as an input.',
    );
  }
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

/** The id of an item of `embedMany`'s inputs; undefined when it has none, or an invalid one. */
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

/** The inputs of `embedMany`, sync or async, read one at a time. */
export class Source {
  readonly #open: () => Iterator<unknown> | AsyncIterator<unknown>;
  readonly #async: boolean;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | null = null;
  #reading = false;
  #done = false;

  /** @throws LongEmbedError ERR_INVALID_OPTION when `inputs` is not a collection of documents */
  constructor(inputs: unknown) {
    // A string is iterable too, but as characters; a typed array as numbers, the tokens of one document.
    const collection = typeof inputs === 'object' && inputs !== null && !ArrayBuffer.isView(inputs);
    this.#async = collection && Symbol.asyncIterator in inputs;
    if (!collection || !(this.#async || Symbol.iterator in inputs)) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The inputs are ${display(inputs)}: they must be an iterable or async iterable of documents, such as an array. ` +
          'For one document, use embed.',
      );
    }
    this.#open = this.#async
      ? () => (inputs as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : () => (inputs as Iterable<unknown>)[Symbol.iterator]();
  }

  /** Reads the next input; call it only when none is being read. Rejects with what the source throws. */
  async next(): Promise<IteratorResult<unknown, undefined>> {
    this.#reading = true;
    try {
      this.#iterator ??= this.#open();
      const next: IteratorResult<unknown> = await this.#iterator.next();
      if (next.done === true) {
        this.#done = true;
        return { done: true, value: undefined };
      }
      // As `for await` does: a sync iterable may give promises.
      return { done: false, value: this.#async ? next.value : await next.value };
    } catch (error) {
      this.#done = true;
      throw error;
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Tells the source that no more will be read, so that it can clean up. While a read is under way, a generator could
   * not answer until that is over: then this does not wait, and later errors are ignored.
   */
  async close(): Promise<void> {
    if (this.#done || this.#iterator === null) return;
    this.#done = true;
    const waits = !this.#reading;
    const closed = Promise.resolve(this.#iterator.return?.());
    if (waits) await closed;
    else closed.catch(() => undefined);
  }
}
