/** Reads the body of a request: JSON of a limited size, checked. */
import type { z } from 'zod';
import { display } from '../../lib/error.js';
import { ApiError } from '../api-error.js';
import type { BodyPlace } from './body-budget.js';
import { type JsonLimits, JsonOutline } from './json-outline.js';

/** Bodies that announce fewer bytes are read at once, which is faster: unfinished ones on every connection are 128 MiB. */
const SMALL_BYTES = 64 * 1024;

/** What a body may hold. */
export interface BodyLimits extends JsonLimits {
  readonly bytes: number;
}

/** @param place is charged with what arrives @throws ApiError 415, 413, 429, 400 */
export async function readJson<T extends z.ZodType>(
  request: Request,
  schema: T,
  limits: BodyLimits,
  place: BodyPlace,
): Promise<z.output<T>> {
  checkHeaders(request.headers);
  const text = await readText(request, limits, place);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new ApiError(400, `The body is not JSON: ${syntaxError(reason)}.`, { code: 'invalid_json' });
  }
  return check(schema, json);
}

/** @throws ApiError 415 */
function checkHeaders(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new ApiError(
      415,
      `The content type is ${type === '' ? 'missing' : display(type)}: send JSON with the header "Content-Type: application/json".`,
      { code: 'unsupported_media_type' },
    );
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (!/^identity$/i.test(encoding)) {
    throw new ApiError(
      415,
      `The body has the Content-Encoding ${display(encoding)}, and compressed bodies are not taken: send the JSON as it is.`,
      { code: 'unsupported_media_type' },
    );
  }
}

/** @param reason V8's, which names a place or a character, but not always both */
function syntaxError(reason: string): string {
  const position = /position \d+/.exec(reason);
  if (position !== null) return `there is an error at ${position[0]}`;
  const character = /^Unexpected token '(.+?)', /su.exec(reason)?.[1];
  return character === undefined ? 'it ends too early' : `there is an unexpected ${display(character)}`;
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

async function readText(request: Request, limits: BodyLimits, place: BodyPlace): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > limits.bytes) throw tooLarge(limits.bytes);
  const outline = new JsonOutline(limits);
  let bytes: Uint8Array;
  try {
    bytes =
      declared > 0 && declared <= SMALL_BYTES
        ? await readAtOnce(request, place, outline)
        : await readPieces(request, limits.bytes, place, outline);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, 'The body ended too early.', { code: 'invalid_json', cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ApiError(400, 'The body is not UTF-8.', { code: 'invalid_json', cause: error });
  }
}

async function readAtOnce(request: Request, place: BodyPlace, outline: JsonOutline): Promise<Uint8Array> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  place.take(bytes.byteLength);
  outline.add(bytes);
  return bytes;
}

/** One block of memory, which grows: a client may send its bytes one by one, and each piece kept would take a hundred. */
async function readPieces(
  request: Request,
  maxBytes: number,
  place: BodyPlace,
  outline: JsonOutline,
): Promise<Uint8Array> {
  const reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  let [block, length] = [new Uint8Array(SMALL_BYTES), 0];
  try {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) return block.subarray(0, length);
      const end = length + next.value.byteLength;
      if (end > maxBytes) throw tooLarge(maxBytes);
      place.take(next.value.byteLength);
      outline.add(next.value);
      if (end > block.length) {
        const larger = new Uint8Array(Math.max(end, Math.min(2 * block.length, maxBytes)));
        larger.set(block.subarray(0, length));
        block = larger;
      }
      block.set(next.value, length);
      length = end;
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
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
