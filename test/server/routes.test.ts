/** The other endpoints, each in the form of the API that it follows. */
import { describe, expect, it } from 'vitest';
import type { EmbeddingModel } from '../../lib/index.js';
import { decode, expectRefused, LONG, startServer, type TestServer, withServer } from './helpers.js';

let model: EmbeddingModel;
let test: TestServer;
withServer((...started) => ([model, test] = started));

describe('/v1/contextualizedembeddings', () => {
  const path = '/v1/contextualizedembeddings';

  it('gives vectors of chunks in their documents', async () => {
    const inputs = [['the sky is blue. ', 'it is far.'], ['grass']];
    const { json } = await test.post(path, { model: 'mini', inputs, extend: 'gp:2k' });
    const expected = await Promise.all(
      inputs.map((chunks) => model.embedChunks(chunks, { extend: 'gp:2k' })),
    );
    expect(json).toEqual({
      object: 'list',
      data: expected.map(({ chunks }, index) => ({
        object: 'list',
        index,
        data: chunks.map(({ embedding }, i) => ({
          object: 'embedding',
          index: i,
          embedding: [...embedding],
        })),
      })),
      model: 'mini',
      usage: { total_tokens: expected.reduce((sum, { tokens }) => sum + tokens, 0) },
    });
  });

  it('cuts documents itself, past the context', async () => {
    const asked = { input: [[LONG]], enable_auto_chunk: true, chunk_size: 64, chunk_overlap: 8 };
    const { json } = await test.post(path, { ...asked, encoding_format: 'base64', output_dimension: 32 });
    const rule = { by: 'tokens', size: 64, overlap: 8 } as const;
    const { chunks } = await model.embedChunks(LONG, { chunks: rule, dimensions: 32 });
    const given = json.data[0].data as { text: string; embedding: string }[];
    expect(given.map(({ text }) => text)).toEqual(chunks.map(({ start, end }) => LONG.slice(start, end)));
    expect([...decode(given[3]!.embedding)]).toEqual([...chunks[3]!.embedding]);
  });

  it.each([
    [{}, /inputs is missing/],
    [{ inputs: [] }, /at least one document/],
    [{ inputs: [[]] }, /inputs.0/],
    [{ inputs: ['text'] }, /array of strings/],
    [{ inputs: [['a']], output_dtype: 'int8' }, /output_dtype is "int8": .* float32/],
    [{ inputs: [['a']], input: [['b']] }, /give one of them/],
    [{ inputs: [['a', 'b']], enable_auto_chunk: true }, /must be one string/],
    [{ inputs: [['a']], enable_auto_chunk: true, chunk_size: 8, chunk_overlap: 8 }, /less than chunk_size/],
  ])('refuses %j', async (body, message) => {
    expectRefused(await test.post(path, body), 400, 'invalid_value', message);
  });

  it('refuses an empty chunk', async () => {
    expectRefused(
      await test.post(path, { inputs: [['a', ' ']] }),
      400,
      'ERR_INPUT_EMPTY',
      /Chunk 1 of input 0/,
    );
  });
});

it.each([0, -1, 1.5, 'words'])('/pooling says what chunks may be, not %j', async (chunks) => {
  const answer = await test.post('/pooling', { input: 'x', chunks });
  const message = /chunks is .*: it must be a number of tokens from 1, "sentences" or "paragraphs"\.$/;
  expectRefused(answer, 400, 'invalid_value', message);
});

it('/pooling gives a vector for each chunk', async () => {
  const { json } = await test.post('/pooling', { input: [LONG, 'short'], chunks: 100 });
  const { chunks } = await model.embedChunks(LONG, { chunks: 100 });
  expect(json.data[0]).toEqual({
    object: 'pooling',
    index: 0,
    data: chunks.map(({ embedding }) => [...embedding]),
  });
  expect(json.data[1].data).toHaveLength(1);
});

it.each([{ encoding_format: 'base64' }, { embed_dtype: 'float16' }, { endianness: 'big' }])(
  '/pooling refuses %j, which it does not write',
  async (format) => {
    const answer = await test.post('/pooling', { input: 'short', ...format });
    expectRefused(answer, 400, 'invalid_value', new RegExp(Object.keys(format)[0]!));
  },
);

describe('/tokenize', () => {
  it('gives ids of one text or several', async () => {
    const ids = [...(await model.tokenize('green grass'))];
    expect((await test.post('/tokenize', { prompt: 'green grass' })).json).toEqual({
      tokens: ids,
      count: ids.length,
      max_model_len: 256,
    });
    const { prefix, suffix } = model.info.specialTokens;
    const { json } = await test.post('/tokenize', { input: ['green grass'], add_special_tokens: true });
    expect(json.tokens).toEqual([[...prefix, ...ids, ...suffix]]);
  });

  it('refuses what is not there', async () => {
    expectRefused(await test.post('/tokenize', {}), 400, 'invalid_value', /input is missing/);
    const both = { input: 'a', content: 'b' };
    expectRefused(await test.post('/tokenize', both), 400, 'invalid_value', /give one of them/);
  });
});

describe('text-embeddings-inference', () => {
  it('/embed gives vectors alone', async () => {
    const { json } = await test.post('/embed', { inputs: ['green grass', LONG], truncate: true });
    expect(json).toEqual([
      [...(await model.embed('green grass')).embedding],
      [...(await model.embed(LONG, { truncate: true })).embedding],
    ]);
    expect((await test.post('/embed', { inputs: 'x', normalize: false })).json).toHaveLength(1);
  });

  it('is at / as well, where huggingface_hub and @huggingface/inference look for it', async () => {
    const { status, json } = await test.post('/', { inputs: ['green grass'] });
    expect([status, json]).toEqual([200, [[...(await model.embed('green grass')).embedding]]]);
    expect((await test.post('/', { inputs: LONG })).json.error_type).toBe('Validation');
  });

  it('has a kind of its own for a key that is missing', async () => {
    const own = await startServer({ apiKeys: ['key'] });
    const { status, json } = await own.post('/embed', { inputs: 'x' });
    expect([status, json]).toEqual([401, { error: expect.any(String), error_type: 'Unauthorized' }]);
    await own.server.close();
  });

  it.each([
    [{ inputs: LONG }, 422, 'Validation'],
    [{ inputs: '' }, 400, 'Empty'],
    [{ inputs: [] }, 400, 'Empty'],
    [{ inputs: [1.5] }, 422, 'Validation'],
    [{ inputs: 'x', truncation_direction: 'Left' }, 422, 'Validation'],
    [{}, 422, 'Validation'],
  ])('%# has its errors', async (body, status, kind) => {
    const answer = await test.post('/embed', body);
    expect([answer.status, answer.json]).toEqual([status, { error: expect.any(String), error_type: kind }]);
  });

  it('/info tells of the model', async () => {
    expect((await test.get('/info')).json).toMatchObject({
      model_id: 'mini',
      max_input_length: 256,
      max_client_batch_size: 2048,
      auto_truncate: false,
      model_type: { embedding: { pooling: 'mean' } },
    });
  });
});

it('/v1/models has the length that a model takes', async () => {
  const own = await startServer({ extend: 'pcw:2k', maxTokens: 1500 });
  const { json } = await own.get('/v1/models');
  expect(json.data).toEqual([
    expect.objectContaining({
      id: 'mini',
      object: 'model',
      max_model_len: 1500,
      dimensions: 768,
      extend: 'pcw:2k',
    }),
  ]);
  expect((await own.get('/v1/models/mini')).json).toEqual(json.data[0]);
  expectRefused(await own.get('/v1/models/a/b'), 404, 'model_not_found', /"a\/b"/);
  // the operator's limit holds for every strategy
  const { status } = await own.post('/v1/embeddings', { input: LONG.repeat(3), extend: 'pcw:32k' });
  expect(status).toBe(400);
  await own.server.close();
});

it('/health, /health/ready and /health/live', async () => {
  for (const path of ['/health', '/health/ready', '/health/live']) {
    expect((await test.get(path)).json).toEqual({ status: 'ok' });
  }
});

it('/metrics counts requests, their tokens and their errors', async () => {
  const own = await startServer();
  await own.post('/v1/embeddings', { input: ['green', 'grass'] });
  await own.post('/v1/embeddings', { input: LONG });
  const { text, headers } = await own.get('/metrics');
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain('longembed_request_count{endpoint="/v1/embeddings",status="200",code=""} 1\n');
  expect(text).toContain(
    'longembed_request_count{endpoint="/v1/embeddings",status="400",code="context_length_exceeded"} 1\n',
  );
  expect(text).toContain('longembed_inputs_total 2\n');
  expect(text).toContain('longembed_request_input_tokens_sum 6\n');
  expect(text).toContain('longembed_queue_tokens 0\n');
  expect(text).toContain('longembed_batch_tokens{model="mini"} 0\n');
  expect(text).toMatch(/longembed_model_memory_bytes\{model="mini"\} [1-9]/);
  await own.server.close();
});

it('/openapi.json describes every endpoint', async () => {
  const { json } = await test.get('/openapi.json');
  expect(json.openapi).toBe('3.1.0');
  expect(Object.keys(json.paths)).toEqual([
    '/v1/embeddings',
    '/v1/contextualizedembeddings',
    '/v1/models',
    '/v1/models/{id}',
    '/pooling',
    '/tokenize',
    '/embed',
    '/',
    '/info',
    '/api/embed',
    '/api/embeddings',
    '/api/tags',
    '/api/show',
    '/api/version',
    '/health',
    '/health/ready',
    '/health/live',
    '/metrics',
    '/openapi.json',
  ]);
  const { properties, required } =
    json.paths['/v1/embeddings'].post.requestBody.content['application/json'].schema;
  expect(required).toEqual(['input']);
  expect(properties.input.anyOf).toHaveLength(4);
  for (const field of ['extend', 'truncate', 'late_chunking', 'dimensions', 'longembed'])
    expect(properties).toHaveProperty(field);
});
