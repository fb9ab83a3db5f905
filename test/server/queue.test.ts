/** Back-pressure, the end of a server, and failures of the engine. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LongEmbedError } from '../../lib/index.js';
import { Admission } from '../../server/admission.js';
import { openServer } from '../../server/open-server.js';
import { fakeModel, type FakeModel } from './fake-model.js';
import { expectRefused, startServer } from './helpers.js';

const PATH = '/v1/embeddings';

/** Waits until so many requests are in the queue. */
async function queued(model: FakeModel, get: (path: string) => Promise<{ text: string }>, count: number) {
  for (;;) {
    const { text } = await get('/metrics');
    if (text.includes(`longembed_queue_size ${count}\n`)) return;
    await turn();
  }
}

it('what the queue has no room for is told to come again later', async () => {
  const model = fakeModel({ held: true });
  // with its two special tokens a text of 40 letters and "query: " are 42 or 49 tokens
  const { server, post, get } = await startServer({ models: { m: model }, maxQueueTokens: 100 });
  const ask = () => post(PATH, { input: 'x'.repeat(40) });
  const first = [ask(), ask()];
  await queued(model, get, 2);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.json.error).toMatchObject({ type: 'overloaded_error', code: 'queue_full' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused.headers.get('x-should-retry')).toBeNull();
  expect((await get('/metrics')).text).toContain('longembed_queue_tokens 84\n');
  model.release();
  for (const { status } of await Promise.all(first)) expect(status).toBe(200);
  expect((await ask()).status).toBe(200);
  expect((await get('/metrics')).text).toContain('longembed_queue_tokens 0\n');
  await server.close();
});

it('what the queue never has room for is told so', async () => {
  const { server, post } = await startServer({ models: { m: fakeModel() }, maxQueueTokens: 100 });
  const answer = await post(PATH, { input: Array<string>(3).fill('x'.repeat(40)) });
  expectRefused(answer, 413, 'request_too_large', /126 tokens.*takes 100 at once: send fewer or shorter/);
  await server.close();
});

it('a client is told to wait as long as the queue takes at the speed so far', () => {
  const admission = new Admission(1000);
  const ticket = admission.admit(900);
  const retryAfter = (): number => {
    try {
      admission.admit(500);
    } catch (error) {
      return (error as { retryAfter: number }).retryAfter;
    }
    return 0;
  };
  expect(retryAfter()).toBe(1);
  ticket.release(true);
  ticket.release(true);
  expect(admission.load).toEqual({ tokens: 0, requests: 0 });
});

it('a closed server finishes what it has begun, and takes nothing more', async () => {
  const model = fakeModel({ held: true });
  const { server, post, get } = await startServer({ models: { m: model } });
  const begun = post(PATH, { input: 'x' });
  await queued(model, get, 1);
  const closing = server.close();
  const late = await post(PATH, { input: 'y' });
  expect([late.status, late.json.error.code, late.headers.get('connection')]).toEqual([
    503,
    'shutting_down',
    'close',
  ]);
  expect((await get('/health')).status).toBe(503);
  expect((await get('/health/live')).status).toBe(200);
  model.release();
  expect((await begun).status).toBe(200);
  await closing;
});

it('a closed server aborts what takes longer than its grace', async () => {
  const model = fakeModel({ held: true });
  const { server, post, get } = await startServer({ models: { m: model } });
  const begun = post(PATH, { input: 'x' });
  await queued(model, get, 1);
  await server.close({ graceMs: 50 });
  const { status, json, headers } = await begun;
  expect([status, json.error.code, headers.get('retry-after')]).toEqual([503, 'shutting_down', '1']);
  // it was the caller's
  expect(model.disposed).toBe(false);
});

it.each([
  [new LongEmbedError('ERR_BACKEND', 'killed: /secret/path'), 500, 'ERR_BACKEND', null],
  [new LongEmbedError('ERR_OUT_OF_MEMORY', 'It takes 5 GB.'), 503, 'ERR_OUT_OF_MEMORY', 'false'],
  [new LongEmbedError('ERR_MODEL_INVALID', '/secret/path has changed'), 503, 'ERR_MODEL_INVALID', 'false'],
  [new TypeError('/secret/path'), 500, 'internal_error', null],
])('%s is told without naming files', async (fail, status, code, retry) => {
  const messages: string[] = [];
  const { server, post } = await startServer({
    models: { m: fakeModel({ fail }) },
    onMessage: (message, details) => messages.push(message, details ?? ''),
  });
  const answer = await post(PATH, { input: 'x' });
  expect([answer.status, answer.json.error.code, answer.json.error.type]).toEqual([
    status,
    code,
    'server_error',
  ]);
  expect(answer.headers.get('x-should-retry')).toBe(retry);
  expect(answer.text).not.toContain('secret');
  expect(messages.join()).toContain(fail.message);
  expect((await post('/embed', { inputs: 'x' })).status).toBe(status === 500 ? 424 : 503);
  await server.close();
});

it('the operator is told why a model is loaded anew, not where that was noticed', async () => {
  const fail = new LongEmbedError('ERR_MODEL_INVALID', 'm.gguf has changed');
  const messages: (string | null)[] = [];
  const server = await openServer(
    { models: { m: 'm.gguf' }, onMessage: (_, details) => messages.push(details) },
    () => Promise.resolve(fakeModel({ fail })),
  );
  const body = JSON.stringify({ input: 'x' });
  const headers = { 'content-type': 'application/json' };
  const answer = await server.fetch(
    new Request(`http://server.test${PATH}`, { method: 'POST', headers, body }),
  );
  expect(answer.status).toBe(503);
  expect(messages.at(-1)).toBe('ERR_MODEL_INVALID: m.gguf has changed');
  await server.close();
});
