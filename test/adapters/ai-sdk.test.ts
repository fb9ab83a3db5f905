/** The adapter for the AI SDK, called as the SDK calls it; docs/ai-sdk.md's examples run with the SDK itself. */
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createLongEmbed, embeddingModel } from '../../lib/adapters/ai-sdk.js';
import { EmbeddingModel, LongEmbedError } from '../../lib/index.js';

const LONG = 'the sky is blue and the grass is green. '.repeat(60);

let model: EmbeddingModel;
beforeAll(async () => {
  model = await EmbeddingModel.load('mini-rope', { threads: 1 });
});
afterAll(() => model.dispose());

it('gives the library’s vectors, in order, with what they took', async () => {
  const sdk = embeddingModel(model, { extend: 'pcw:2k' });
  expect(sdk).toMatchObject({
    specificationVersion: 'v3',
    provider: 'longembed',
    maxEmbeddingsPerCall: undefined,
  });
  const values = ['green grass', LONG];
  const { embeddings, usage, providerMetadata, warnings } = await sdk.doEmbed({ values });
  const expected = await Promise.all(values.map((value) => model.embed(value, { extend: 'pcw:2k' })));
  expect(embeddings).toEqual(expected.map(({ embedding }) => [...embedding]));
  expect(embeddings.every(Array.isArray)).toBe(true);
  expect(usage.tokens).toBe(expected.reduce((sum, { tokens }) => sum + tokens, 0));
  expect(providerMetadata).toEqual({
    longembed: {
      tokens: expected.map(({ tokens }) => tokens),
      windows: expected.map(({ windows }) => windows),
      truncated: [false, false],
      extend: 'pcw:2k',
    },
  });
  expect(warnings).toEqual([]);
  expect((await sdk.doEmbed({ values: [] })).embeddings).toEqual([]);
});

it('takes options of a call before those of ai 7 and of the model', async () => {
  const sdk = embeddingModel(model, { dimensions: 100, truncate: false });
  const length = async (call: object) =>
    (await sdk.doEmbed({ values: ['x'], ...call })).embeddings[0]!.length;
  expect(await length({})).toBe(100);
  expect(await length({ dimensions: 50 })).toBe(50);
  expect(await length({ dimensions: 50, providerOptions: { longembed: { dimensions: 20 } } })).toBe(20);
  const { warnings } = await sdk.doEmbed({
    values: ['x', LONG],
    providerOptions: { longembed: { truncate: true }, other: { a: 1 } },
  });
  expect(warnings).toEqual([{ type: 'other', message: '1 of 2 values were cut: they were too long.' }]);
});

it('refuses what it does not know', async () => {
  const sdk = embeddingModel(model);
  const call = { values: ['x'], providerOptions: { longembed: { extends: 'pcw:4k' } } };
  await expect(sdk.doEmbed(call)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(() => embeddingModel(model, { as: 'queries' as 'query' })).toThrow(LongEmbedError);
  const provider = createLongEmbed({ models: { mini: model } });
  expect(() => provider.embeddingModel('e5')).toThrow(/the models of this provider are mini/);
  expect(() => provider.embeddingModel('toString')).toThrow(/There is no model/);
  expect(() => provider.languageModel('mini')).toThrow(/embedding models only/);
});

it('names the value that fails', async () => {
  const sdk = embeddingModel(model);
  await expect(sdk.doEmbed({ values: ['x', LONG] })).rejects.toMatchObject({
    code: 'ERR_INPUT_TOO_LONG',
    message: expect.stringMatching(/^Value 1: The text is/) as string,
  });
});

it('stops when it is aborted', async () => {
  const abortSignal = AbortSignal.abort(new Error('enough'));
  await expect(embeddingModel(model).doEmbed({ values: ['x'], abortSignal })).rejects.toMatchObject({
    code: 'ERR_ABORTED',
  });
});

it('stops waiting for a model that loads', async () => {
  const load = vi.spyOn(EmbeddingModel, 'load');
  onTestFinished(() => load.mockRestore());
  const provider = createLongEmbed();
  const sdk = provider.embeddingModel('hf:org/repo');
  const early = sdk.doEmbed({ values: ['x'], abortSignal: AbortSignal.abort() });
  await expect(early).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  expect(load).not.toHaveBeenCalled();
  load.mockReturnValue(new Promise(() => undefined));
  const controller = new AbortController();
  const call = sdk.doEmbed({ values: ['x'], abortSignal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: { message: 'enough' } });
});

it('says what a model must be', () => {
  for (const given of [undefined, 'mini-rope', {}]) {
    expect(() => embeddingModel(given as unknown as EmbeddingModel)).toThrow(
      /^The model is .*: it must be a loaded model, .*; createLongEmbed takes a name or a path/,
    );
  }
  // as of a variable of the environment that is not set
  for (const options of [{}, { models: { mini: model } }]) {
    expect(() => createLongEmbed(options).embeddingModel(undefined as unknown as string)).toThrow(
      'The model is undefined: it must be its name.',
    );
  }
  const models = { mini: 1 as unknown as string };
  expect(() => createLongEmbed({ models })).toThrow(
    'The option models.mini is 1: it must be what EmbeddingModel.load takes, or a loaded model.',
  );
  // as another copy of the package makes it
  const copy = { info: model.info, embed: () => undefined, embedMany: () => undefined };
  expect(embeddingModel(copy as unknown as EmbeddingModel).modelId).toBe(embeddingModel(model).modelId);
});

it('loads a model by its first call, once, and disposes of it', async () => {
  const provider = createLongEmbed({ load: { threads: 1 } });
  const sdk = provider.embeddingModel('mini-rope');
  expect(() => provider.embeddingModel('nowhere.gguf')).not.toThrow();
  const [a, b] = await Promise.all([sdk.doEmbed({ values: ['x'] }), sdk.doEmbed({ values: ['x'] })]);
  expect(a.embeddings).toEqual(b.embeddings);
  await expect(provider.embeddingModel('nowhere.gguf').doEmbed({ values: ['x'] })).rejects.toMatchObject({
    code: 'ERR_MODEL_NOT_FOUND',
  });
  await provider[Symbol.asyncDispose]();
  const load = vi.spyOn(EmbeddingModel, 'load');
  onTestFinished(() => load.mockRestore());
  for (const late of [sdk, provider.embeddingModel('mini-rope')]) {
    await expect(late.doEmbed({ values: ['x'] })).rejects.toMatchObject({
      code: 'ERR_DISPOSED',
      message: 'The provider is disposed: make another with createLongEmbed.',
    });
  }
  expect(load).not.toHaveBeenCalled();
  await provider[Symbol.asyncDispose]();
});
