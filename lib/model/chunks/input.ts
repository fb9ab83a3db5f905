/** Reads the inputs of `embedChunks` and `embedManyChunks`, and checks the places of chunks. */
import { constants } from 'node:buffer';
import { display, LongEmbedError } from '../../error.js';
import { isBlank } from '../../tokenize/index.js';
import type { TokenInput } from '../types.js';
import type { ChunkSpan } from './types.js';

/** A text; `spans` is null where the option `chunks` says how to cut it. */
export interface ChunkedText {
  readonly text: string;
  readonly spans: readonly ChunkSpan[] | null;
}

/** The same of content token ids (a copy that the caller cannot change); spans count tokens. */
export interface ChunkedTokens {
  readonly tokens: TokenInput;
  readonly spans: readonly ChunkSpan[] | null;
}

/** @throws LongEmbedError ERR_INVALID_OPTION; ERR_INPUT_EMPTY for a chunk without text */
export function readChunkInput(input: unknown): ChunkedText | ChunkedTokens {
  if (typeof input === 'string') return { text: input, spans: null };
  if (Array.isArray(input)) return joined(input);
  if (typeof input !== 'object' || input === null) throw invalid(input);
  const { text, tokens, spans, chunks } = input as Record<string, unknown>;
  if (chunks !== undefined) {
    if (text !== undefined || tokens !== undefined || spans !== undefined || !Array.isArray(chunks)) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        Array.isArray(chunks)
          ? 'The document has both chunks and text, tokens or spans: give one of them.'
          : `The chunks of the document are ${display(chunks)}: they must be an array of strings.`,
      );
    }
    return joined(chunks);
  }
  const ids = Array.isArray(tokens) || tokens instanceof Int32Array ? (tokens as TokenInput).slice() : null;
  const content = typeof text === 'string' && tokens === undefined ? text : ids;
  if (content === null || (ids !== null && text !== undefined)) throw invalid(input);
  if (spans === undefined) return withContent(content, null);
  if (!Array.isArray(spans)) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The spans are ${display(spans)}: they must be an array of [start, end].`,
    );
  }
  return withContent(
    content,
    Array.from(spans, (span, index) => checkSpan(span, index, content)),
  );
}

function withContent(
  content: string | TokenInput,
  spans: readonly ChunkSpan[] | null,
): ChunkedText | ChunkedTokens {
  return typeof content === 'string' ? { text: content, spans } : { tokens: content, spans };
}

/** Chunks one after the other. */
function joined(chunks: readonly unknown[]): ChunkedText {
  let end = 0;
  // Unlike `map`, it passes over no holes.
  const spans = Array.from(chunks, (chunk, index): ChunkSpan => {
    if (typeof chunk !== 'string') {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `Chunk ${index} is ${display(chunk)}: it must be a string.`,
      );
    }
    if (isBlank(chunk)) throw empty(index);
    const start = end;
    end += chunk.length;
    return [start, end];
  });
  if (end > constants.MAX_STRING_LENGTH) {
    throw new LongEmbedError(
      'ERR_INPUT_TOO_LONG',
      `The chunks are ${end} characters together, and the longest string has ${constants.MAX_STRING_LENGTH}: split the document.`,
    );
  }
  const text = chunks.join('');
  for (const [index, [, at]] of spans.entries()) {
    if (splitsPair(text, at)) throw cutInTwo(`Chunk ${index}`, at);
  }
  return { text, spans };
}

function checkSpan(span: unknown, index: number, content: string | TokenInput): ChunkSpan {
  const [start, end] = isPair(span) ? span : [];
  const valid =
    typeof start === 'number' &&
    typeof end === 'number' &&
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    start >= 0 &&
    start <= end &&
    end <= content.length;
  if (!valid) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `Span ${index} is ${shown(span)}: it must be [start, end], whole numbers from 0 to ${content.length}, the length of the ${typeof content === 'string' ? 'text' : 'tokens'}.`,
    );
  }
  for (const at of typeof content === 'string' ? [start, end] : []) {
    if (splitsPair(content as string, at)) throw cutInTwo(`Span ${index}`, at);
  }
  if (typeof content === 'string' ? isBlank(content.slice(start, end)) : start === end) throw empty(index);
  return [start, end];
}

/** A span as it was given, where it has the form of one. */
function shown(span: unknown): string {
  return isPair(span) ? `[${span.map(display).join(', ')}]` : display(span);
}

function isPair(span: unknown): span is unknown[] {
  return Array.isArray(span) && span.length === 2;
}

function cutInTwo(what: string, at: number): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `${what} cuts a character in two at ${at}: JavaScript stores it as two units.`,
  );
}

/** Whether a place in a text is between the two halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}

function empty(index: number): LongEmbedError {
  return new LongEmbedError(
    'ERR_INPUT_EMPTY',
    `Chunk ${index} is empty or only white space: there is nothing to embed. Leave such chunks out.`,
  );
}

function invalid(input: unknown): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The document is ${display(input)}: it must be a text, an array of chunks, or an object with text or tokens and perhaps spans, or with chunks.`,
  );
}
