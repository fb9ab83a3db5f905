/** Limits of the routes that read documents in chunks. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeModel } from './fake-model.js';
import { expectRefused, read, startServer, type TestServer } from './helpers.js';

const CONTEXTUALIZED = '/v1/contextualizedembeddings';

/** It tokenizes, a token a character, and fails where a document gets past the limits. */
let test: TestServer;
beforeAll(async () => {
  test = await startServer({ models: { m: fakeModel() } });
});
afterAll(() => test.server.close());

const text = (tokens: number): string => 'x'.repeat(tokens);
const cut = (tokens: number, size: number, overlap: number, documents = 1) => ({
  inputs: Array<string[]>(documents).fill([text(tokens)]),
  enable_auto_chunk: true,
  chunk_size: size,
  chunk_overlap: overlap,
});

describe('chunks that the server cuts', () => {
  it.each([
    [CONTEXTUALIZED, cut(16_002, 2, 1), /come to 16001 chunks/],
    [CONTEXTUALIZED, cut(9_000, 1, 0, 2), /come to 18000 chunks/],
    [CONTEXTUALIZED, { inputs: [Array<string>(16_001).fill('x')] }, /come to 16001 chunks/],
    ['/pooling', { input: text(16_001), chunks: 1 }, /come to 16001 chunks/],
    ['/pooling', { input: 'Yes. '.repeat(16_001), chunks: 'sentences' }, /chunks/],
    ['/pooling', { input: 'Yes\n\n'.repeat(16_001), chunks: 'paragraphs' }, /chunks/],
  ])('%s is limited to 16,000 (%#)', async (path, body, message) => {
    expectRefused(await test.post(path, body), 400, 'array_above_max_length', message);
  });

  it.each([
    [CONTEXTUALIZED, cut(16_001, 2, 1)],
    ['/pooling', { input: text(16_000), chunks: 1 }],
    ['/pooling', { input: '3.14 '.repeat(16_001), chunks: 'sentences' }],
    ['/pooling', { input: 'Yes. No.\n'.repeat(9_000), chunks: 'paragraphs' }],
  ])('%s takes what is within (%#)', async (path, body) => {
    // the fake model has no chunks: whoever gets there was let in
    expect((await test.post(path, body)).status).toBe(500);
  });

  it('count with what they share', async () => {
    const answer = await test.post(CONTEXTUALIZED, cut(4_000, 2_000, 1_999));
    expectRefused(answer, 413, 'request_too_large', /have 4002002 tokens together/);
  });
});

describe('--max-tokens', () => {
  it.each([
    ['/pooling', (length: number) => ({ input: ['x', text(length)] }), /in input 1, /],
    [CONTEXTUALIZED, (length: number) => ({ inputs: [[text(length - 5), 'xxxxx']] }), /in your input, /],
    [
      '/v1/embeddings',
      (length: number) => ({ input: [text(5), text(length - 5)], late_chunking: true }),
      /in your input, /,
    ],
    [
      '/v1/embeddings',
      (length: number) => ({ input: [[1, 2], Array<number>(length - 2).fill(3)], late_chunking: true }),
      /in your input, /,
    ],
  ])('holds for the documents of %s (%#)', async (path, body, where) => {
    const own = await startServer({ models: { m: fakeModel() }, maxTokens: 100 });
    // with two special tokens
    const answer = await own.post(path, { ...body(99), prompt: '' });
    expectRefused(answer, 400, 'context_length_exceeded', /length is 100 tokens.*requested 101 tokens/);
    expect(answer.json.error.message).toMatch(where);
    expect((await own.post(path, { ...body(98), prompt: '' })).status).toBe(500);
    const prompted = await own.post(path, { ...body(98), prompt: 'p' });
    expectRefused(prompted, 400, 'context_length_exceeded', /requested 101 tokens/);
    await own.server.close();
  });
});

it('more tokens than the queue takes are refused before places to cut are looked for', async () => {
  const own = await startServer({ models: { m: fakeModel() }, maxQueueTokens: 100 });
  const input = 'Yes. '.repeat(40);
  const looks = vi.spyOn(String.prototype, 'match');
  const answer = await own.post('/pooling', { input, chunks: 'sentences' });
  const texts = looks.mock.contexts.map(String);
  looks.mockRestore();
  expectRefused(answer, 413, 'request_too_large', /has 202 tokens, and the server takes 100 at once/);
  expect(texts).not.toContain(input);
  await own.server.close();
});

it('a text without tokens is named', async () => {
  const fake = fakeModel();
  const model = { ...fake, tokenize: (given: string) => fake.tokenize(given.replaceAll('\u200b', '')) };
  const own = await startServer({ models: { m: model } });
  const answer = await own.post('/pooling', { input: ['a', '\u200b'] });
  expectRefused(answer, 400, 'ERR_INPUT_EMPTY', /^Input 1 gives no tokens/);
  const chunk = await own.post(CONTEXTUALIZED, { inputs: [['a'], ['b', '\u200b']] });
  expectRefused(chunk, 400, 'ERR_INPUT_EMPTY', /^Chunk 1 of input 1 gives no tokens/);
  await own.server.close();
});

it.each(['/tokenize', '/pooling'])('a client that hangs up stops the tokenizing of %s', async (path) => {
  const fake = fakeModel();
  const controller = new AbortController();
  let texts = 0;
  const tokenize = async (given: string): Promise<Int32Array> => {
    if (++texts === 5) controller.abort();
    await turn();
    return fake.tokenize(given);
  };
  const own = await startServer({ models: { m: { ...fake, tokenize } } });
  const request = new Request(`http://server.test${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: Array<string>(1_000).fill('x') }),
    signal: controller.signal,
  });
  const { json } = await read(await own.server.fetch(request));
  expect([json.error?.code, texts]).toEqual(['ERR_ABORTED', 5]);
  await own.server.close();
});
