/** The endpoints of Ollama's API: its clients find their models, and errors in its form. */
import { expect, it } from 'vitest';
import type { EmbeddingModel } from '../../lib/index.js';
import { LONG, startServer, type TestServer, withServer } from './helpers.js';

let model: EmbeddingModel;
let test: TestServer;
withServer((...started) => ([model, test] = started));

it('/api/embed', async () => {
  const { json } = await test.post('/api/embed', { model: 'mini:latest', input: ['green grass'] });
  const { embedding, tokens } = await model.embed('green grass');
  expect(json).toMatchObject({
    model: 'mini:latest',
    embeddings: [[...embedding]],
    prompt_eval_count: tokens,
  });
  expect(json.total_duration).toBeGreaterThan(0);
});

it('does not cut a text unless it is told to', async () => {
  const { status, json } = await test.post('/api/embed', { model: 'mini', input: LONG });
  expect([status, json]).toEqual([
    400,
    { error: expect.stringMatching(/^the input length exceeds the context length/) },
  ]);
  expect((await test.post('/api/embed', { model: 'mini', input: LONG, truncate: true })).status).toBe(200);
});

it.each([
  ['nomic:latest', 'nomic:latest'],
  ['nomic:latest', 'nomic'],
  ['nomic', 'nomic'],
  ['nomic', 'nomic:latest'],
  ['nomic:v1', 'nomic:v1'],
])('a model that is served as %s is called %s', async (served, called) => {
  const own = await startServer({ models: { other: 'mini-rope', [served]: 'mini-rope' } });
  const { status, json } = await own.post('/api/embed', { model: called, input: 'x' });
  expect([status, json.model]).toEqual([200, called]);
  const missing = await own.post('/api/embed', { model: 'nomic:v2', input: 'x' });
  expect([missing.status, missing.json]).toEqual([404, { error: expect.stringContaining('"nomic:v2"') }]);
  await own.server.close();
});

it.each([{ input: [] }, { input: '' }, {}])('/api/embed with %j only loads the model', async (body) => {
  const own = await startServer({ preload: false });
  const { status, json } = await own.post('/api/embed', { model: 'mini', ...body });
  expect([status, json]).toEqual([200, expect.objectContaining({ model: 'mini', embeddings: [] })]);
  expect((await own.get('/metrics')).text).toMatch(/model_events_total\{model="mini",event="loaded"\} 1/);
  await own.server.close();
});

it('/api/embeddings gives one vector as the model gives it', async () => {
  const { json } = await test.post('/api/embeddings', { model: 'mini', prompt: 'green grass' });
  expect(json).toEqual({
    embedding: [...(await model.embed('green grass', { normalize: false })).embedding],
  });
  const long = await test.post('/api/embeddings', { model: 'mini', prompt: LONG });
  expect([long.status, long.json.error]).toEqual([400, expect.stringMatching(/^the input length exceeds/)]);
  expect((await test.post('/api/embeddings', { model: 'mini' })).json).toEqual({ embedding: [] });
});

it('tells of its models and itself', async () => {
  const details = {
    format: 'gguf',
    family: model.info.architecture,
    quantization_level: model.info.quantization,
  };
  expect((await test.get('/api/tags')).json.models).toEqual([
    {
      name: 'mini:latest',
      model: 'mini:latest',
      size: model.info.sizeBytes,
      details: expect.objectContaining(details),
    },
  ]);
  const { json } = await test.post('/api/show', { model: 'mini:latest' });
  expect(json.capabilities).toEqual(['embedding']);
  expect(json.model_info[`${model.info.architecture}.embedding_length`]).toBe(768);
  expect((await test.get('/api/version')).json).toEqual({ version: expect.stringMatching(/^\d+\.\d+/) });
});

it('has its form of errors where there is no endpoint', async () => {
  const none = await test.post('/api/chat', { model: 'mini' });
  expect([none.status, none.json]).toEqual([404, { error: expect.stringMatching(/no such endpoint/) }]);
  const method = await test.get('/api/embed');
  expect([method.status, method.json]).toEqual([405, { error: expect.stringMatching(/takes POST/) }]);
});
