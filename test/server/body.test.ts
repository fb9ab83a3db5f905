/** How bodies are read: what they may hold of the memory, and what is said of those that cannot be read. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BodyBudget } from '../../server/http/body-budget.js';
import { INFO } from '../cli/world.js';
import { fakeModel } from './fake-model.js';
import { expectRefused, read, startServer, type TestServer } from './helpers.js';

const PATH = '/v1/embeddings';
const BODY = new TextEncoder().encode(JSON.stringify({ input: 'grüne Wiese' }));
const MIB = 1024 * 1024;

let test: TestServer;
beforeAll(async () => {
  test = await startServer({ models: { m: fakeModel() } });
});
afterAll(() => test.server.close());

/** A request whose body comes as the stream gives it. */
function streamed(body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request {
  return new Request(`http://server.test${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    duplex: 'half',
  });
}

describe('memory', () => {
  it.each([{}, { 'content-length': String(32 * MIB - 2) }])(
    'clients that send slowly (%j) do not keep others away',
    async (headers) => {
      const finish: (() => void)[] = [];
      const slow = Array.from({ length: 40 }, () => {
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(BODY.subarray(0, 5));
            finish.push(() => {
              controller.enqueue(BODY.subarray(5));
              controller.close();
            });
          },
        });
        return test.server.fetch(streamed(body, headers));
      });
      expect((await test.post(PATH, { input: 'x' })).status).toBe(200);
      for (const end of finish) end();
      for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
    },
  );

  it('a body of unknown size is read whatever size is allowed', async () => {
    const own = await startServer({ models: { m: fakeModel() }, maxBodyBytes: 1024 * MIB });
    const body = new Blob([BODY]).stream() as ReadableStream<Uint8Array>;
    expect((await own.server.fetch(streamed(body))).status).toBe(200);
    await own.server.close();
  });

  it('a body that comes byte by byte, and one of many pieces', async () => {
    for (const bytes of [BODY, new TextEncoder().encode(JSON.stringify({ input: 'ü'.repeat(100_000) }))]) {
      let at = 0;
      const step = Math.ceil(bytes.length / 100);
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(bytes.slice(at, (at += step)));
          if (at >= bytes.length) controller.close();
        },
      });
      const { status, json } = await read(await test.server.fetch(streamed(body)));
      const expected = await test.post(PATH, new TextDecoder().decode(bytes));
      expect([status, json]).toEqual([expected.status, expected.json]);
    }
  });

  it('what has arrived counts until it is given back', () => {
    const budget = new BodyBudget(32 * MIB);
    const [first, second] = [budget.open(), budget.open()];
    first.take(500 * MIB);
    second.take(12 * MIB);
    expect(() => second.take(1)).toThrow(expect.objectContaining({ status: 429, code: 'queue_full' }));
    first.giveBack();
    first.giveBack();
    second.take(500 * MIB);
    expect(() => first.take(1)).toThrow(/try again later/);
  });

  it('has room for two bodies of the size that is allowed', () => {
    const budget = new BodyBudget(1024 * MIB);
    for (const place of [budget.open(), budget.open()]) place.take(1024 * MIB);
    expect(() => budget.open().take(1)).toThrow(/try again later/);
  });
});

describe('JSON of which parsing would keep others waiting', () => {
  const [brackets, many] = ['['.repeat(4 * MIB), 4 * MIB];
  it.each([
    ['brackets', PATH, `{"input":${brackets}`, 400, 'invalid_json', /more than 32 arrays and objects inside/],
    ['deep fields', PATH, '{"a":'.repeat(MIB), 400, 'invalid_json', /more than 32 arrays/],
    ['arrays', PATH, `{"input":[${'[],'.repeat(many)}`, 413, 'request_too_large', /more than 18432 arrays/],
    ['fields', PATH, `{${'"a":0,'.repeat(many)}`, 413, 'request_too_large', /arrays, objects and fields/],
    ['token ids', PATH, `{"input":[${'1,'.repeat(many)}`, 413, 'request_too_large', /than 2099200 values/],
    ['strings', '/pooling', `{"input":["",${'"",'.repeat(many)}`, 413, 'request_too_large', /values/],
    [
      'documents',
      '/v1/contextualizedembeddings',
      JSON.stringify({ inputs: Array<[]>(many).fill([]) }),
      413,
      'request_too_large',
      /arrays/,
    ],
  ])('%s', async (_, path, body, status, code, message) => {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      const answer = await test.post(path, body);
      expect(parse.mock.calls.filter(([text]) => text.length > 1000)).toEqual([]);
      expectRefused(answer, status, code, message);
    } finally {
      parse.mockRestore();
    }
  });

  it('counts none of what strings hold, wherever the pieces end', async () => {
    const text = `${'[{:,"\\'.repeat(20_000)}\\"`;
    const body = JSON.stringify({ input: [text, 'b'], user: '\\' });
    for (const size of [7, 65_536]) {
      const bytes = new TextEncoder().encode(body);
      let at = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(bytes.slice(at, (at += size)));
          if (at >= bytes.length) controller.close();
        },
      });
      const { json } = await read(await test.server.fetch(streamed(stream)));
      expect(json.error.message).toContain(`however you requested ${text.length + 2} tokens`);
    }
  });

  it('takes as many inputs of token ids as are allowed', async () => {
    const input = Array<number[]>(2048).fill(Array<number>(60).fill(1));
    expect((await test.post(PATH, { input })).status).toBe(200);
  });
});

describe('refusals', () => {
  it.each([
    ['abc', /there is an unexpected "a"/],
    ['{"dimensions":NaN}', /there is an unexpected "N"/],
    ['{"input" 1}', /there is an error at position 9/],
    ['{"input": ', /it ends too early/],
  ])('%s', async (body, message) => {
    expectRefused(await test.post(PATH, body), 400, 'invalid_json', message);
  });

  it('what is not UTF-8', async () => {
    const body = new Blob([Uint8Array.of(0x22, 0xff, 0x22)]).stream() as ReadableStream<Uint8Array>;
    const answer = await read(await test.server.fetch(streamed(body)));
    expectRefused(answer, 400, 'invalid_json', /not UTF-8/);
  });

  it('compressed bodies', async () => {
    const answer = await test.post(PATH, { input: 'x' }, { 'content-encoding': 'gzip' });
    expectRefused(answer, 415, 'unsupported_media_type', /Content-Encoding "gzip".*not taken/);
    const plain = await test.post(PATH, { input: 'x' }, { 'content-encoding': 'identity' });
    expect(plain.status).toBe(200);
  });
});

it('a long answer leaves turns to others, however fast it is read', async () => {
  const text = 'x'.repeat(1_000_000);
  const response = await test.server.fetch(
    new Request('http://server.test/tokenize', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: ['', text], add_special_tokens: true }),
    }),
  );
  let turns = 0;
  let handle = setImmediate(function count() {
    turns++;
    handle = setImmediate(count);
  });
  const { json } = await read(response);
  clearImmediate(handle);
  expect(turns).toBeGreaterThan(10);
  const { prefix, suffix } = INFO.specialTokens;
  const tokens = Array<number>(text.length).fill(120);
  const lists = [
    [...prefix, ...suffix],
    [...prefix, ...tokens, ...suffix],
  ];
  // a million numbers are slow to compare one by one
  expect(JSON.stringify(json.tokens) === JSON.stringify(lists)).toBe(true);
  expect(json.count).toBe(lists.flat().length);
});
