import { describe, expect, it } from 'vitest';
import { EmbeddingModel, type EmbedManyOptions, type LoadOptions } from '../../lib/index.js';
import { FakeNative } from './fake-native.js';

async function failure(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return `${code} ${message}`;
  }
  return 'no error';
}

describe('options that are wrong are named, with what was given and what is allowed', () => {
  it.each<[unknown, string]>([
    [{ pooling: 'max' }, 'The option pooling is "max": it must be one of mean, cls, last.'],
    [{ as: 5 }, 'The option as is 5: it must be one of query, document, raw.'],
    [{ prompt: ['query: '] }, 'The option prompt is an array of 1: it must be a string.'],
    [{ normalize: 'yes' }, 'The option normalize is "yes": it must be true or false.'],
    [{ dimensions: 0 }, 'The option dimensions is 0: it must be a whole number from 1.'],
    [{ dimensions: 2.5 }, 'The option dimensions is 2.5: it must be a whole number from 1.'],
    [{ truncate: null }, 'The option truncate is null: it must be true or false.'],
    [{ maxTokens: 0 }, 'The option maxTokens is 0: it must be a whole number from 1.'],
    [{ maxTokens: 1.5 }, 'The option maxTokens is 1.5: it must be a whole number from 1.'],
    [{ maxTokens: NaN }, 'The option maxTokens is NaN: it must be a whole number from 1.'],
    [{ maxTokens: Infinity }, 'The option maxTokens is Infinity: it must be a whole number from 1.'],
    [
      { maxTokens: 2 ** 53 },
      'The option maxTokens is 9007199254740992: it must be at most 9007199254740991, since larger numbers are rounded.',
    ],
    [{ batchTokens: '4k' }, 'The option batchTokens is "4k": it must be a whole number from 1.'],
    [{ signal: {} }, 'The option signal is an object: it must be an AbortSignal.'],
    [{ onProgress: true }, 'The option onProgress is true: it must be a function.'],
    [
      { extend: 4096 },
      'The option extend is 4096: it must be a spec string such as "pcw:4k", or an object with a method.',
    ],
    [
      { maxtokens: 5 },
      'The option maxtokens is not known: use extend, as, prompt, pooling, normalize, dimensions, truncate, maxTokens, signal, onProgress, vectors, batchTokens.',
    ],
    [null, 'The options argument is null: it must be an object.'],
    ['pcw:4k', 'The options argument is "pcw:4k": it must be an object.'],
    [[], 'The options argument is an array of 0: it must be an object.'],
  ])('embedMany with %o', async (options, message) => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.embedMany(['10'], options as EmbedManyOptions))).toBe(
      `ERR_INVALID_OPTION ${message}`,
    );
  });

  it.each<[unknown, string]>([
    [{ nativeContext: 1 }, 'The option nativeContext is 1: it must be a whole number from 2.'],
    [{ prompts: 'query: ' }, 'The option prompts is "query: ": it must be an object.'],
    [{ prompts: { query: 5 } }, 'The option prompts.query is 5: it must be a string.'],
    [{ prompts: { doc: '' } }, 'The option prompts.doc is not known: use query, document.'],
    [{ specialTokens: { eos: 2 } }, 'The option specialTokens.eos is 2: it must be true or false.'],
    [{ backend: 'rocm' }, 'The option backend is "rocm": it must be one of auto, cpu, cuda, metal, vulkan.'],
    [{ gpuLayers: -2 }, 'The option gpuLayers is -2: it must be a whole number from -1.'],
    [{ precision: 'f16' }, 'The option precision is "f16": it must be one of full, bf16.'],
    ...[-1, 1e9, 2 ** 32 + 1].map((threads): [unknown, string] => [
      { threads },
      `The option threads is ${threads}: it must be a whole number from 0 to 1024, since more threads than cores take turns.`,
    ]),
    [{ preset: true }, 'The option preset is true: it must be the name of a preset, or false.'],
    [{ tokenizer: '' }, 'The option tokenizer is "": it must be a path.'],
    [{ mmap: Symbol('on') }, 'The option mmap is Symbol(on): it must be true or false.'],
  ])('load with %o', async (options, message) => {
    expect(await failure(() => EmbeddingModel.load('x.gguf', options as LoadOptions))).toBe(
      `ERR_INVALID_OPTION ${message}`,
    );
  });

  it('batchTokens is for embedMany alone', async () => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.embed('10', { batchTokens: 5 } as EmbedManyOptions))).toContain(
      'The option batchTokens is not known',
    );
  });

  it('errors of lib/extend are passed on', async () => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.embed('10', { extend: 'pcw:4k,s=2' }))).toMatch(
      /^ERR_INVALID_OPTION .*"s"/,
    );
    expect(await failure(() => model.embed('10', { extend: 'ntk:64' }))).toMatch(
      /^ERR_STRATEGY_UNSUPPORTED /,
    );
  });
});

describe('arguments that are wrong', () => {
  it.each<[unknown, string]>([
    [null, 'The path is null'],
    ['', 'The path is ""'],
    [5, 'The path is 5'],
  ])('path %o', async (path, message) => {
    expect(await failure(() => EmbeddingModel.load(path as string))).toContain(
      `ERR_INVALID_OPTION ${message}`,
    );
  });

  it.each<[unknown, string]>([
    [undefined, 'The input is undefined'],
    [{ text: '10' }, 'The input is an object'],
    [new Float64Array(1), 'The input is an object of class Float64Array'],
  ])('input %o of embed', async (input, message) => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.embed(input as string))).toContain(`ERR_INVALID_OPTION ${message}`);
  });

  it.each<[unknown, string]>([
    ['a text', 'The inputs are "a text"'],
    [Int32Array.of(1), 'The inputs are an object of class Int32Array'],
    [5, 'The inputs are 5'],
    [{ text: '10' }, 'The inputs are an object'],
  ])('inputs %o of embedMany', async (inputs, message) => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.embedMany(inputs as string[]))).toContain(
      `ERR_INVALID_OPTION ${message}`,
    );
  });

  it('text of tokenize', async () => {
    const model = await new FakeNative().open();
    expect(await failure(() => model.tokenize(5 as unknown as string))).toContain(
      'ERR_INVALID_OPTION The text is 5',
    );
    expect(await failure(() => model.tokenize('a\udc00'))).toContain('ERR_TOKENIZER');
    expect([...(await model.tokenize('10 11'))]).toEqual([10, 11]);
    expect([...(await model.tokenize(''))]).toEqual([]);
  });
});

it('options that are undefined count as left out', async () => {
  const model = await new FakeNative().open({
    preset: undefined,
    prompts: { query: undefined },
    signal: undefined,
  });
  const { embedding } = await model.embed('10', {
    extend: undefined,
    maxTokens: undefined,
    normalize: undefined,
  });
  expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
});
