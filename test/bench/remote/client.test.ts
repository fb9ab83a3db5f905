import { describe, expect, it } from 'vitest';
import { readAnswer, readRefusal, tooLong } from '../../../bench/remote/answer.js';
import { loadRemote } from '../../../bench/remote/load.js';
import { findServer, NO_REMOTE_OPTIONS, type RemoteOptions } from '../../../bench/remote/options.js';
import type { RemoteModel } from '../../../bench/remote/remote-model.js';
import { askedWaitMs, waitMs } from '../../../bench/remote/retry.js';
import { formatPrice, Spending } from '../../../bench/remote/spending.js';
import { beginning, estimateTokens } from '../../../bench/remote/token-count.js';
import type { LoadOptions, LongEmbedError, ManyResult } from '../../../lib/index.js';
import { answerTo, FakeServer, json, vectorOf, wordsIn } from './server.js';

const KEY = 'sk-very-secret-0123456789';

interface Setup {
  readonly load?: LoadOptions;
  readonly limit?: Partial<RemoteOptions>;
  readonly signal?: AbortSignal;
}

async function connect(server: FakeServer, { load = {}, limit, signal }: Setup = {}) {
  const options = { ...NO_REMOTE_OPTIONS, baseUrl: server.url, ...limit };
  const spending = new Spending(options);
  const messages: string[] = [];
  const warnings: string[] = [];
  const model = await loadRemote('openai:fake', {
    server: findServer(options, { OPENAI_API_KEY: KEY }),
    spending,
    options: { nativeContext: 8, ...load },
    signal: signal ?? new AbortController().signal,
    onMessage: (message) => void messages.push(message),
    onWarning: (message) => void warnings.push(message),
    pace: { firstWaitMs: 5, random: () => 0 },
  });
  return { model, spending, messages, warnings };
}

async function embed(
  model: RemoteModel,
  texts: readonly string[],
  options: { truncate?: boolean; signal?: AbortSignal; maxTokens?: number } = {},
): Promise<ManyResult[]> {
  const results: ManyResult[] = [];
  const how = { as: 'document' as const, truncate: true, maxTokens: model.info.nativeContext, ...options };
  for await (const result of model.embedMany(texts, how)) results.push(result);
  return results;
}

const embeddings = (results: readonly ManyResult[]) =>
  results.map((result) => ('error' in result ? result.error.code : [...result.embedding]));

async function failure(promise: Promise<unknown>): Promise<LongEmbedError> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error as LongEmbedError,
  );
}

describe('a model on a server', () => {
  it('is asked as the API says, in one request for short texts, and its vectors are put in order', async () => {
    await using server = await FakeServer.start();
    const { model, spending } = await connect(server);
    const texts = ['1 a', '2', '3 b c'];
    const results = await embed(model, texts);
    expect(embeddings(results)).toEqual(texts.map(vectorOf));
    expect(results.map((result) => 'tokens' in result && result.tokens)).toEqual([2, 1, 3]);
    expect(server.asked).toHaveLength(2);
    expect(server.asked[1]).toEqual({
      model: 'fake',
      input: texts,
      encoding_format: 'float',
      authorization: `Bearer ${KEY}`,
      path: '/v1/embeddings',
    });
    expect(model.info).toMatchObject({ dimensions: 4, nativeContext: 8, device: server.url });
    expect(spending.summary()).toBe('7 tokens in 2 requests');
  });

  it('puts the prompt before texts', async () => {
    await using server = await FakeServer.start();
    const { model } = await connect(server, { load: { prompts: { document: 'd: ' } } });
    await embed(model, ['1']);
    expect(server.asked.at(-1)?.input).toEqual(['d: 1']);
  });

  it('keeps to the numbers of texts and tokens of one request', async () => {
    await using server = await FakeServer.start();
    const { model } = await connect(server, { load: { nativeContext: 8191 } });
    await embed(
      model,
      Array.from({ length: 4100 }, (_, i) => `${i}`),
    );
    expect(server.asked.slice(1).map(({ input }) => input.length)).toEqual([2048, 2048, 4]);
    server.asked.length = 0;
    await embed(model, new Array<string>(100).fill('word '.repeat(1600)));
    for (const { input } of server.asked) {
      expect(input.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(300_000);
    }
    expect(server.asked.length).toBeLessThan(5);
  });

  it.each([
    ['seconds', { 'retry-after': '0.2' }],
    ['milliseconds', { 'retry-after-ms': '200' }],
  ])('waits as long as a 429 asks, in %s', async (_unit, headers) => {
    await using server = await FakeServer.start();
    const { model, messages } = await connect(server);
    server.asked.length = 0;
    server.instead = (_asked, response, count) =>
      count === 1 && json(response, 429, { error: { message: `slow down, ${KEY}` } }, headers);
    const before = performance.now();
    expect(embeddings(await embed(model, ['7']))).toEqual([vectorOf('7')]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(195);
    expect(messages[0]).toMatch(/answers 429: slow down, \[key\]; attempt 2 in 0\.2 s/);
  });

  it('repeats after 500, 503 and a connection that is closed before or in the middle of an answer', async () => {
    await using server = await FakeServer.start();
    const { model, spending } = await connect(server);
    server.asked.length = 0;
    server.instead = (asked, response, count) => {
      if (count <= 2) return json(response, count === 1 ? 500 : 503, '<html>down</html>');
      if (count === 3) return response.destroy().destroyed;
      if (count > 4) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(JSON.stringify(answerTo(asked.input)).slice(0, 20), () => response.destroy());
      return true;
    };
    expect(embeddings(await embed(model, ['7']))).toEqual([vectorOf('7')]);
    expect(server.asked).toHaveLength(5);
    // What was lost may have been charged: 1 byte and 2 special tokens each.
    expect(spending.summary()).toBe('8 tokens in 4 requests');
  });

  it('gives up after 8 attempts, and does not repeat after other refusals', async () => {
    await using server = await FakeServer.start();
    const { model } = await connect(server);
    server.asked.length = 0;
    server.instead = (_asked, response) => json(response, 500, 'no');
    expect(await failure(embed(model, ['7']))).toMatchObject({
      code: 'ERR_BACKEND',
      message: expect.stringMatching(/failed 8 times: it answers 500: no\./) as string,
    });
    expect(server.asked).toHaveLength(8);
    for (const [status, code, text] of [
      [400, 'ERR_BACKEND', /answers 400: wrong/],
      [401, 'ERR_INVALID_OPTION', /refuses the key \(401\): check .* OPENAI_API_KEY/],
      [404, 'ERR_INVALID_OPTION', /does not know the model fake/],
      [307, 'ERR_INVALID_OPTION', /redirects/],
    ] as const) {
      server.asked.length = 0;
      server.instead = (_asked, response) =>
        json(response, status, { error: { message: `wrong ${KEY}` } }, { location: '/other' });
      const error = await failure(embed(model, ['7']));
      expect(error).toMatchObject({ code, message: expect.stringMatching(text) as string });
      expect(error.message).not.toContain(KEY);
      expect(server.asked).toHaveLength(1);
    }
  });

  it('does not wait where the quota is used up, or for hours', async () => {
    await using server = await FakeServer.start();
    const { model } = await connect(server);
    server.asked.length = 0;
    server.instead = (_asked, response) => json(response, 429, { error: { code: 'insufficient_quota' } });
    expect((await failure(embed(model, ['7']))).message).toMatch(/gives no more/);
    server.instead = (_asked, response) => json(response, 429, {}, { 'retry-after': '7200' });
    expect((await failure(embed(model, ['7']))).message).toMatch(/asks to wait for 2 h 00 min/);
    expect(server.asked).toHaveLength(2);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"data": [', /is not JSON/],
    ['no embeddings', { data: {} }, /no list of embeddings/],
    ['too few', { data: [] }, /0 embeddings for 2 texts/],
    ['a short vector', answer([1, 2, 3, 4], [1, 2]), /embedding 1 has 2 numbers instead of 4/],
    ['null', answer([1, 2, 3, 4], [1, null, 3, 4]), /embedding 1 has something that is not a number/],
    ['infinity', '{"data":[{"embedding":[1,1,1,1]},{"embedding":[1,1e99,1,1]}]}', /not finite/],
    ['zeros', answer([0, 0, 0, 0], [1, 2, 3, 4]), /embedding 0 has only zeros/],
    ['base64', { data: [{ embedding: 'AAAA' }, { embedding: 'AAAA' }] }, /not a list of numbers/],
    [
      'one index twice',
      { data: [1, 1].map((index) => ({ index, embedding: [1, 2, 3, 4] })) },
      /two .* index 1/,
    ],
    ['an index too high', { data: [0, 2].map((index) => ({ index, embedding: [1, 2, 3, 4] })) }, /index 2/],
  ])('is not believed with %s', async (_what, body, text) => {
    await using server = await FakeServer.start();
    const { model } = await connect(server);
    server.asked.length = 0;
    server.instead = (_asked, response) => json(response, 200, body);
    const error = await failure(embed(model, ['1', '2']));
    expect(error.code).toBe('ERR_BACKEND');
    expect(error.message).toMatch(text);
    expect(server.asked).toHaveLength(1);
  });

  it('stops before the limit on the cost, with smaller requests near it', async () => {
    await using server = await FakeServer.start();
    // 20 tokens.
    const { model, spending } = await connect(server, { limit: { pricePerMillion: 100, maxCost: 0.002 } });
    server.paid.length = 0;
    const results: ManyResult[] = [];
    const error = await failure(
      (async () => {
        const texts = Array.from({ length: 30 }, (_, i) => `${i % 10}`);
        for await (const one of model.embedMany(texts, { as: 'raw', truncate: true, maxTokens: 8 })) {
          results.push(one);
        }
      })(),
    );
    expect(error.message).toMatch(
      /limit on the cost, 0\.002, is reached: \d+ tokens in \d+ requests, at a price/,
    );
    expect(results.length).toBe(server.paid.length);
    // The probe cost one.
    expect(server.paid.length + 1).toBeLessThanOrEqual(20);
    expect(server.paid.length + 1).toBeGreaterThanOrEqual(17);
    expect(spending.tokensLeft).toBe(20 - 1 - server.paid.length);
  });

  it('gives what was paid for when it is interrupted, and then stops', async () => {
    await using server = await FakeServer.start();
    const stop = new AbortController();
    const { model } = await connect(server, { signal: stop.signal });
    server.instead = (): false => {
      stop.abort();
      return false;
    };
    const results: ManyResult[] = [];
    const many = model.embedMany(['1', 'a long text of which nobody knows whether it fits', '3'], {
      as: 'raw',
      truncate: true,
      maxTokens: 8,
      signal: stop.signal,
    });
    const error = await failure(
      (async () => {
        for await (const result of many) results.push(result);
      })(),
    );
    expect(error.code).toBe('ERR_ABORTED');
    expect(results).toHaveLength(1);
    expect(server.asked).toHaveLength(2);
  });
});

describe('long texts', () => {
  /** Refuses texts of more than 8 words, in some server's words. */
  const refuse = (message: (words: number) => string, status = 400) =>
    FakeServer.start((asked, response) => {
      const longest = Math.max(...asked.input.map(wordsIn));
      return longest > 8 && json(response, status, { error: { message: message(longest) } });
    });
  const long = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ');

  it.each<[string, (words: number) => string, number]>([
    ['with a count', (n) => `maximum context length is 8 tokens, however you requested ${n} tokens`, 400],
    ['like TEI', (n) => `\`inputs\` must have less than 8 tokens. Given: ${n}`, 413],
    ['without a count', () => 'the input is too long', 400],
  ])('are cut at what the server refuses, %s, and this is told', async (_how, message, status) => {
    await using server = await refuse(message, status);
    const { model, spending } = await connect(server);
    const [short, cut] = await embed(model, ['1 2 3', long]);
    expect(short).toMatchObject({ truncated: false, tokens: 3 });
    expect(cut).toMatchObject({ truncated: true });
    const sent = server.paid.at(-1) ?? '';
    expect(long.startsWith(sent)).toBe(true);
    expect(wordsIn(sent)).toBeGreaterThanOrEqual(6);
    expect(cut).toMatchObject({ tokens: wordsIn(sent) });
    // Refusals are free.
    expect(spending.summary()).toMatch(new RegExp(`^${1 + 3 + wordsIn(sent)} tokens in 3 requests`));
    expect(embeddings(await embed(model, [long], { truncate: false }))).toEqual(['ERR_INPUT_TOO_LONG']);
  });

  it('are cut exactly where the tokenizer.json is given', async () => {
    await using server = await FakeServer.start();
    const tokenizer = new URL('../../../models/bytepair.tokenizer.json', import.meta.url).pathname;
    const { model } = await connect(server, { load: { tokenizer, nativeContext: 20 } });
    try {
      const [cut, whole] = await embed(model, [long, 'one two']);
      const sent = server.asked.at(-1)?.input[0] ?? '';
      expect(await model.countTokens(sent)).toBeLessThanOrEqual(20);
      expect(await model.countTokens(long.slice(0, sent.length + 1))).toBeGreaterThan(19);
      expect(cut).toMatchObject({ truncated: true, tokens: await model.countTokens(sent) });
      expect(whole).toMatchObject({ truncated: false });
    } finally {
      await model.dispose();
    }
  });

  it('give a warning where the server seems to cut them silently', async () => {
    await using server = await FakeServer.start((asked, response) =>
      json(response, 200, { ...answerTo(asked.input), usage: { prompt_tokens: 1 } }),
    );
    const { model, warnings } = await connect(server);
    await embed(model, [long]);
    expect(warnings.join()).toMatch(/may have cut texts without saying so/);
  });

  it('split a request that is too much as a whole', async () => {
    await using server = await FakeServer.start(
      (asked, response) =>
        asked.input.length > 2 &&
        json(response, 400, { error: { message: 'too many tokens in the request' } }),
    );
    const { model } = await connect(server);
    const texts = ['1', '2', '3', '4', '5', '6'];
    expect(embeddings(await embed(model, texts))).toEqual(texts.map(vectorOf));
    expect(server.paid.slice(1).sort()).toEqual(texts);
  });

  it('name a text that cannot be sent, after those before it', async () => {
    await using server = await FakeServer.start();
    const { model } = await connect(server);
    expect(embeddings(await embed(model, ['1', ' ', '\ud800', '2']))).toEqual([
      vectorOf('1'),
      'ERR_INPUT_EMPTY',
      'ERR_TOKENIZER',
      vectorOf('2'),
    ]);
  });
});

function answer(...vectors: unknown[]): object {
  return { data: vectors.map((embedding, index) => ({ index, embedding })) };
}

describe('the parts', () => {
  it('find the server and its key, and show no key', () => {
    const url = (baseUrl: string | null, env: NodeJS.ProcessEnv) =>
      findServer({ ...NO_REMOTE_OPTIONS, baseUrl }, env);
    expect(url(null, { OPENAI_API_KEY: KEY })).toMatchObject({
      baseUrl: 'https://api.openai.com/v1',
      key: KEY,
    });
    expect(url(null, { OPENAI_BASE_URL: 'http://h:1/v1//' })).toMatchObject({
      baseUrl: 'http://h:1/v1',
      key: null,
    });
    expect(url('http://a/v1', { OPENAI_BASE_URL: 'http://b' }).baseUrl).toBe('http://a/v1');
    expect(() => url(null, {})).toThrow(/OPENAI_API_KEY, .* is not set/);
    for (const bad of ['nothing', 'ftp://x', `http://user:${KEY}@h/v1`, `http://h/v1?key=${KEY}`]) {
      expect(() => url(bad, {})).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(KEY) as string }),
      );
      expect(() => url(bad, {})).toThrow(/base URL/);
    }
    expect(() => findServer({ ...NO_REMOTE_OPTIONS, keyVariable: 'MINE' }, { OPENAI_API_KEY: KEY })).toThrow(
      /MINE/,
    );
    expect(() => findServer({ ...NO_REMOTE_OPTIONS, maxCost: 1 }, { OPENAI_API_KEY: KEY })).toThrow(
      /price-per-million/,
    );
    expect(() => url(null, { OPENAI_API_KEY: `${KEY}\nx` })).toThrow(/characters that no key has/);
  });

  it('wait longer each time, with a random part', () => {
    const pace = { firstWaitMs: 1000, random: () => 1 };
    expect([1, 2, 3, 10].map((attempt) => waitMs(attempt, null, pace))).toEqual([1000, 2000, 4000, 60_000]);
    expect(waitMs(1, null, { ...pace, random: () => 0 })).toBe(500);
    expect(waitMs(1, 20_000, pace)).toBe(21_000);
    const asked = (value: string) => askedWaitMs(new Headers({ 'retry-after': value }), () => 0);
    expect([asked('3'), asked('Thu, 01 Jan 1970 00:00:05 GMT'), asked('soon')]).toEqual([3000, 5000, null]);
  });

  it('read refusals', () => {
    expect(readRefusal('{"error":{"message":"a\\nb","code":7}}')).toEqual({ message: 'a b', code: '7' });
    expect(readRefusal('{"error":"x"}')).toEqual({ message: 'x', code: '' });
    expect(readRefusal('<p>')).toEqual({ message: '<p>', code: '' });
    expect(tooLong(400, { message: 'no such model', code: '' })).toBeNull();
    expect(tooLong(400, { message: 'x', code: 'context_length_exceeded' })).toEqual({ tokens: null });
  });

  it('take vectors as they are, and their count where the server gives none', () => {
    const read = readAnswer(JSON.stringify(answer([0.5, -1])), 1, null, 'x');
    expect([...(read.vectors[0] ?? [])]).toEqual([0.5, -1]);
    expect(read.tokens).toBeNull();
  });

  it('count, cut and price', () => {
    expect([estimateTokens('abcdefgh'), estimateTokens('漢字'), estimateTokens('')]).toEqual([2, 2, 0]);
    expect(beginning('a😀b', 2)).toBe('a');
    expect([formatPrice(0), formatPrice(1.5), formatPrice(0.0000123)]).toEqual([
      '0.0000',
      '1.5000',
      '0.000012',
    ]);
    expect(new Spending({ pricePerMillion: 0.1, maxCost: 0.3 }).tokensLeft).toBe(3_000_000);
    expect(new Spending({ pricePerMillion: 0, maxCost: 0 }).tokensLeft).toBe(Infinity);
  });
});
