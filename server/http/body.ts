/** Reads the body of a request: JSON of a limited size, checked. */
import type { z } from 'zod';
import { display } from '../../lib/error.js';
import { ApiError } from '../api-error.js';

/** Bytes of all bodies that are being read or worked on at once, per server. */
const MAX_BYTES_TOGETHER = 512 * 1024 * 1024;

/** The bodies that a server holds: many large requests at once are turned away before they fill the memory. */
export class BodyBudget {
  #bytes = 0;

  /** @throws ApiError 429 @returns what gives the bytes back */
  take(bytes: number): () => void {
    if (this.#bytes + bytes > MAX_BYTES_TOGETHER) {
      throw new ApiError(429, 'The server reads too many large requests at once: try again later.', {
        code: 'queue_full',
        type: 'overloaded_error',
        retryAfter: 1,
      });
    }
    this.#bytes += bytes;
    return () => {
      this.#bytes -= bytes;
    };
  }
}

/** @throws ApiError 415, 413, 400 */
export async function readJson<T extends z.ZodType>(
  request: Request,
  schema: T,
  maxBytes: number,
): Promise<z.output<T>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new ApiError(
      415,
      `The content type is ${type === '' ? 'missing' : display(type)}: send JSON with the header "Content-Type: application/json".`,
      { code: 'unsupported_media_type' },
    );
  }
  const text = await readText(request, maxBytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    const where = /position \d+/.exec(reason)?.[0] ?? 'its end';
    throw new ApiError(400, `The body is not JSON: there is an error at ${where}.`, { code: 'invalid_json' });
  }
  return check(schema, json);
}

/** @throws ApiError 400 that names the field, what was given and what is allowed */
function check<T extends z.ZodType>(schema: T, json: unknown): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const param = path.map(String).join('.');
  const allowed = issue?.message ?? 'valid';
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    throw bad(`${param} has no field ${display(key)}: ${allowed}.`, `${param}.${key}`);
  }
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)[key], json);
  if (param === '') throw bad(`The body is ${display(value)}: it must be ${allowed}.`, null);
  if (value === undefined) throw bad(`The field ${param} is missing: it must be ${allowed}.`, param);
  throw bad(`The field ${param} is ${display(value)}: it must be ${allowed}.`, param);
}

function bad(message: string, param: string | null): ApiError {
  return new ApiError(400, message, { code: 'invalid_value', param });
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  try {
    if (!(declared > 0)) return await readPieces(request, maxBytes);
    const bytes = await request.arrayBuffer();
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof TypeError && !request.signal.aborted) {
      throw new ApiError(400, 'The body is not UTF-8.', { code: 'invalid_json', cause: error });
    }
    throw new ApiError(400, 'The body ended too early.', { code: 'invalid_json', cause: error });
  }
}

async function readPieces(request: Request, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  let [text, bytes] = ['', 0];
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return text + decoder.decode();
    bytes += next.value.byteLength;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw tooLarge(maxBytes);
    }
    text += decoder.decode(next.value, { stream: true });
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(
    413,
    `The body is larger than ${maxBytes} bytes: send fewer or shorter inputs per request.`,
    {
      code: 'request_too_large',
    },
  );
}
