/** A server of a shipped model, asked without a socket. */
import { afterAll, beforeAll, expect } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { createServer, type EmbeddingServer, type ServerOptions } from '../../server/index.js';

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** Undefined: the text is not JSON. */
  json: any;
}

export interface TestServer {
  server: EmbeddingServer;
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answered>;
  get: (path: string, headers?: Record<string, string>) => Promise<Answered>;
}

/** @param options the model is mini-rope, in this process, where they do not say */
export async function startServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await createServer({
    models: { mini: 'mini-rope' },
    load: { isolate: false, threads: 1 },
    ...options,
  });
  const ask = async (path: string, init: RequestInit): Promise<Answered> =>
    read(await server.fetch(new Request(`http://server.test${path}`, init)));
  return {
    server,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => ask(path, { headers }),
  };
}

/** A text of some 600 tokens: longer than the model's native context. */
export const LONG = 'the sky is blue and the grass is green. '.repeat(60);

/**
 * For the tests of a file: that server, and the same model without one, to compare with.
 * @param started called with them before the first test
 */
export function withServer(started: (model: EmbeddingModel, test: TestServer) => void): void {
  let model: EmbeddingModel;
  let test: TestServer;
  beforeAll(async () => {
    model = await EmbeddingModel.load('mini-rope', { threads: 1 });
    test = await startServer();
    started(model, test);
  });
  afterAll(async () => {
    await test.server.close();
    await model.dispose();
  });
}

export async function read(response: Response): Promise<Answered> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // text
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** Expects an error in OpenAI's form, which does not become better by another try. */
export function expectRefused(
  { status, json, headers }: Answered,
  expected: number,
  code: string,
  message: RegExp,
): void {
  expect([status, (json as { error: unknown }).error]).toEqual([
    expected,
    { message: expect.stringMatching(message), type: expect.any(String), param: paramOf(json), code },
  ]);
  expect(headers.get('x-should-retry')).toBe('false');
}

function paramOf(json: unknown): string | null {
  const { param } = (json as { error: { param: string | null } }).error;
  expect(param === null || typeof param === 'string').toBe(true);
  return param;
}

/** The vector that a base64 string holds. */
export function decode(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
