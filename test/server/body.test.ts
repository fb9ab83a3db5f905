/** How bodies are read: what they may hold of the memory, and what is said of those that cannot be read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodyBudget } from '../../server/http/body-budget.js';
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
