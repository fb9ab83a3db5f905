/** Answers of the routes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiError } from '../api-error.js';

/** Characters of an answer that is sent at once; of a longer one, so many at a time. */
const PIECE_CHARACTERS = 1 << 18;

/**
 * A JSON answer, given in pieces. A long one is written as the client reads it, so that thousands of vectors are neither one
 * string nor keep others from this thread.
 */
export function jsonAnswer(pieces: Iterable<string>, headers: Record<string, string> = {}): Response {
  const iterator = pieces[Symbol.iterator]() as Iterator<string, undefined>;
  const first = take(iterator);
  const all = { 'content-type': 'application/json', ...headers };
  if (first.done) return new Response(first.text, { headers: all });
  const encoder = new TextEncoder();
  let next = first;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        controller.enqueue(encoder.encode(next.text));
        if (next.done) {
          controller.close();
          return;
        }
        // a client that reads as fast as this writes would have the thread to itself
        await nextTurn();
        next = take(iterator);
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers: all });
}

function take(iterator: Iterator<string, undefined>): { text: string; done: boolean } {
  let text = '';
  while (text.length < PIECE_CHARACTERS) {
    const next = iterator.next();
    if (next.done === true) return { text, done: true };
    text += next.value;
  }
  return { text, done: false };
}

/** The same of a value. */
export function json(value: unknown, init: ResponseInit = {}): Response {
  return Response.json(value, init);
}

/** How a vector is written. */
export type Encoding = 'float' | 'base64';

/** A vector as JSON: numbers, or its little-endian float32 bytes in base64. */
export function vectorJson(vector: Float32Array, encoding: Encoding): string {
  if (encoding === 'float') return `[${vector.join(',')}]`;
  // every platform that longembed runs on is little-endian
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return `"${bytes.toString('base64')}"`;
}

/** Inputs that were cut because the request allows it: clients that look only at vectors can still learn of it. */
export function cutHeader(results: readonly { readonly truncated: boolean }[]): Record<string, string> {
  const cut = results.filter(({ truncated }) => truncated).length;
  return cut === 0 ? {} : { 'x-longembed-truncated': String(cut) };
}

/** Whose API a route follows: it decides the form of its errors. */
export type Flavour = 'openai' | 'tei' | 'ollama';

/** Statuses and kinds of text-embeddings-inference. */
const TEI: Record<number, readonly [status: number, kind: string]> = {
  400: [422, 'Validation'],
  401: [401, 'Unauthorized'],
  413: [413, 'Validation'],
  429: [429, 'Overloaded'],
  500: [424, 'Backend'],
  503: [503, 'Unhealthy'],
};

/** An error in the form of the route's API. */
export function errorAnswer(error: ApiError, flavour: Flavour): Response {
  const { message, type, param, code, headers } = error;
  if (flavour === 'ollama') return json({ error: message }, { status: error.status, headers });
  if (flavour === 'tei') {
    const [status, kind] =
      code === 'ERR_INPUT_EMPTY'
        ? ([400, 'Empty'] as const)
        : (TEI[error.status] ?? [error.status, 'Validation']);
    return json({ error: message, error_type: kind }, { status, headers });
  }
  return json({ error: { message, type, param, code } }, { status: error.status, headers });
}
