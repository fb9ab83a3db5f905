import { describe, expect, it } from 'vitest';
import type { EmbedOptions, LoadOptions, LongEmbedError, TokenInput } from '../../lib/index.js';
import { tooLong } from '../../lib/model/document.js';
import type { EmbedSettings } from '../../lib/model/options.js';
import type { NativeFacts } from '../../lib/native/index.js';
import { absolute } from '../extend/facts.js';
import { collect, FakeNative, ROPE_FACTS, textOf, type SeenBatch } from './fake-native.js';

/** The one batch that an input makes. */
async function batchOf(
  input: string | TokenInput,
  options: EmbedOptions = {},
  load: LoadOptions = {},
  native = new FakeNative(),
): Promise<SeenBatch> {
  const model = await native.open(load);
  await model.embed(input, options);
  expect(native.batches).toHaveLength(1);
  return native.batches[0]!;
}

describe('prompts', () => {
  const prompts = { query: '100 101', document: '200' };

  it('go before the content, chosen by `as`, `prompt` first', async () => {
    const sequence = async (options: EmbedOptions) =>
      (await batchOf(' 10 11', options, { prompts })).sequences[0];
    expect(await sequence({})).toEqual([1, 200, 10, 11, 2]);
    expect(await sequence({ as: 'document' })).toEqual([1, 200, 10, 11, 2]);
    expect(await sequence({ as: 'query' })).toEqual([1, 100, 101, 10, 11, 2]);
    expect(await sequence({ as: 'raw' })).toEqual([1, 10, 11, 2]);
    expect(await sequence({ as: 'query', prompt: '300' })).toEqual([1, 300, 10, 11, 2]);
    expect(await sequence({ prompt: '' })).toEqual([1, 10, 11, 2]);
  });

  it('go before token ids too', async () => {
    expect((await batchOf([10, 11], { as: 'query' }, { prompts })).sequences).toEqual([
      [1, 100, 101, 10, 11, 2],
    ]);
  });

  it('are tokenized in one string with the text, and keep only the tokens that the text leaves them', async () => {
    const native = new FakeNative();
    // As SentencePiece does: a space belongs to the word after it.
    native.tokens = (text) => (text.match(/ ?[^ ]+| +$/g) ?? []).map((piece) => piece.length);
    const text = `abcd${' ab'.repeat(23)}`;
    const batch = await batchOf(text, { extend: 'pcw:256', prompt: 'query: ' }, {}, native);
    expect(native.tokenized).toContain(`query: ${text}`);
    // The prompt alone is [6, 1], with the text it is [6]: the space goes to the first word, " abcd".
    expect(batch.sequences).toEqual([
      [1, 6, 5, ...new Array<number>(12).fill(3), 2],
      [1, 6, ...new Array<number>(13).fill(3), 2],
    ]);
  });

  it('are tokenized once', async () => {
    const native = new FakeNative();
    const model = await native.open({ prompts });
    await collect(model.embedMany([' 10', ' 11', ' 12']));
    expect(native.tokenized.filter((text) => text === '200')).toHaveLength(1);
  });

  it('fail a text that leaves nothing but the prompt', async () => {
    const native = new FakeNative();
    native.tokens = (text) => (text.startsWith('p') ? [7] : []);
    const model = await native.open();
    await expect(model.embed('…', { prompt: 'p' })).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
  });

  it('are refused when they are not well-formed Unicode', async () => {
    const model = await new FakeNative().open();
    await expect(model.embed('10', { prompt: '\udfff' })).rejects.toThrow(
      'The prompt is not well-formed Unicode',
    );
  });
});

describe('special tokens', () => {
  const SENTENCEPIECE: Partial<NativeFacts> = {
    prefixTokens: [1],
    suffixTokens: [],
    bosToken: 1,
    eosToken: 2,
  };

  it.each<[LoadOptions['specialTokens'], number[]]>([
    [undefined, [1, 10]],
    [{ eos: true }, [1, 10, 2]],
    [{ bos: false }, [10]],
    [{ bos: false, eos: true }, [10, 2]],
    [{ bos: true, eos: false }, [1, 10]],
  ])('%o over a file with BOS only', async (specialTokens, sequence) => {
    expect((await batchOf('10', {}, { specialTokens }, new FakeNative(SENTENCEPIECE))).sequences).toEqual([
      sequence,
    ]);
  });

  it('that the vocabulary lacks are refused', async () => {
    const native = new FakeNative({ ...SENTENCEPIECE, eosToken: -1 });
    await expect(native.open({ specialTokens: { eos: true } })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining('specialTokens.eos') as string,
    });
    expect(native.disposals).toBe(1);
  });
});

describe('what strategies change', () => {
  it('is null for a text within the native context', async () => {
    const batch = await batchOf('10 11', { extend: 'gp:64' });
    expect(batch).toMatchObject({
      positions: null,
      logitScale: null,
      selfExtend: null,
      ropeBase: 0,
      ropeFactors: null,
      ranges: null,
      ropeScale: 1,
      pooling: 'mean',
    });
  });

  it("is combined with the others' defaults in a batch", async () => {
    const native = new FakeNative();
    const model = await native.open();
    await collect(model.embedMany(['10', textOf(11, 30), '12'], { extend: 'gp:64' }));
    const [batch] = native.batches;
    expect([...batch!.lengths]).toEqual([3, 32, 3]);
    // 32 tokens over 16 rows: groups of 2.
    const grouped = Array.from({ length: 32 }, (_, i) => Math.floor(i / 2));
    expect([...batch!.positions!]).toEqual([0, 1, 2, ...grouped, 0, 1, 2]);
    const scale = Math.fround(Math.log(32) / Math.log(16));
    expect([...batch!.logitScale!]).toEqual([1, 1, 1, ...new Array<number>(32).fill(scale), 1, 1, 1]);
  });

  it('is a pair for self-extend, in batches without ordinary attention', async () => {
    const native = new FakeNative(ROPE_FACTS);
    const model = await native.open();
    await collect(model.embedMany([textOf(10, 30), '11', textOf(12, 30), '13'], { extend: 'se:64,g=5,w=4' }));
    expect(native.batches.map(({ selfExtend, lengths }) => [selfExtend, [...lengths]])).toEqual([
      [
        [5, 4],
        [32, 32],
      ],
      [null, [3, 3]],
    ]);
    expect(native.batches[0]!.positions).toBe(null);
  });

  it('is a base for ntk, for short texts as well', async () => {
    const batch = await batchOf('10', { extend: 'ntk:64' }, {}, new FakeNative(ROPE_FACTS));
    expect(batch.ropeBase).toBe(50000);
  });

  it('is never an array shared between two positions spaces: pi on RoPE is a factor', async () => {
    const batch = await batchOf(textOf(10, 30), { extend: 'pi:64' }, {}, new FakeNative(ROPE_FACTS));
    expect([batch.ropeScale, batch.positions]).toEqual([1 / 4, null]);
  });
});

describe('E5-Base-4k', () => {
  const native = () => new FakeNative({ positionRows: 4096, contextLength: 4096 });

  it('spreads short inputs over its positions, and only those', async () => {
    const load = { preset: 'e5-base-4k' };
    const short = await batchOf(textOf(10, 509), {}, load, native());
    // passage: is a word, hence a token, of the fake vocabulary.
    expect([...short.positions!]).toEqual(Array.from({ length: 512 }, (_, i) => 8 * i));
    expect((await batchOf(textOf(10, 510), {}, load, native())).positions).toBe(null);
    const model = await native().open(load);
    expect(model.info).toMatchObject({ nativeContext: 4096, shortInputs: { upTo: 512, stride: 8 } });
  });

  it('is refused for a file with too few rows', async () => {
    await expect(new FakeNative().open({ preset: 'e5-base-4k' })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
  });
});

describe('vectors', () => {
  it('are the mean of the windows before normalisation, then of length 1', async () => {
    const native = new FakeNative();
    const rows = [
      [3, 0, 0],
      [0, 0, 9],
    ];
    native.vector = () => rows.shift()!;
    const model = await native.open();
    const { embedding, windows } = await model.embed(textOf(10, 28), { extend: 'pcw:64' });
    expect(windows).toBe(2);
    const length = Math.hypot(1.5, 4.5);
    expect([...embedding]).toEqual([1.5 / length, 0, 4.5 / length].map(Math.fround));
  });

  it('keep their length without normalize', async () => {
    const native = new FakeNative();
    native.vector = () => [3, 0, 4];
    const model = await native.open();
    expect([...(await model.embed('10', { normalize: false })).embedding]).toEqual([3, 0, 4]);
    expect([...(await model.embed('10')).embedding]).toEqual([0.6, 0, 0.8].map(Math.fround));
  });

  it('keep their first dimensions, scaled to length 1 after the cut', async () => {
    const native = new FakeNative();
    native.vector = () => [3, 4, 12];
    const model = await native.open();
    expect([...(await model.embed('10', { dimensions: 2 })).embedding]).toEqual([0.6, 0.8].map(Math.fround));
    expect([...(await model.embed('10', { dimensions: 2, normalize: false })).embedding]).toEqual([3, 4]);
    expect([...(await model.embed('10', { dimensions: 3 })).embedding]).toEqual(
      [3 / 13, 4 / 13, 12 / 13].map(Math.fround),
    );
    const rows = [
      [1, 0, 5],
      [0, 7, 5],
    ];
    native.vector = () => rows.shift()!;
    const windows = await model.embed(textOf(10, 28), { extend: 'pcw:64', dimensions: 2 });
    expect([...windows.embedding]).toEqual([1, 7].map((x) => Math.fround(x / Math.hypot(1, 7))));
    await expect(model.embed('10', { dimensions: 4 })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message:
        'The option dimensions is 4: it must be a whole number from 1 to 3, the dimensions of this model.',
    });
    for (const nothing of [
      [0, 0, 1],
      [0, 3e-8, 1], // as a zero is rounded
    ]) {
      native.vector = () => nothing;
      await expect(model.embed('10', { dimensions: 2 })).rejects.toMatchObject({ code: 'ERR_BACKEND' });
    }
    native.vector = () => [0, 1e-4, 1];
    expect([...(await model.embed('10', { dimensions: 2 })).embedding]).toEqual([0, 1]);
  });

  it('are summed in float64', async () => {
    const native = new FakeNative();
    // In float32 the ones would be lost beside 2^24.
    const rows = [2 ** 24, 1, 1, 1, 1].map((x) => [x, 0, 0]);
    native.vector = () => rows.shift()!;
    const model = await native.open();
    const { embedding } = await model.embed(textOf(10, 70), { extend: 'pcw:128', normalize: false });
    expect(embedding[0]).toBe(Math.fround((2 ** 24 + 4) / 5));
  });
});

describe('length', () => {
  it('counts content, prompt and special tokens once', async () => {
    const model = await new FakeNative().open({ prompts: { document: '200' } });
    expect(await model.embed(' 10 11')).toMatchObject({ tokens: 5, windows: 1, truncated: false });
    // 40 of content in windows of 16 − 3.
    expect(await model.embed(' ' + textOf(10, 40), { extend: 'pcw:64' })).toMatchObject({
      tokens: 43,
      windows: 4,
    });
  });

  it('past the limit is an error with the limit, its source and advice', async () => {
    const model = await new FakeNative().open();
    const message = async (text: string, options: EmbedOptions) =>
      model.embed(text, options).then(
        () => 'no error',
        (error: unknown) => `${(error as LongEmbedError).code} ${(error as LongEmbedError).message}`,
      );
    expect(await message(textOf(10, 15), {})).toBe(
      'ERR_INPUT_TOO_LONG The text is 17 tokens with its prompt and special tokens, but "none" takes 16: ' +
        'set extend to "pcw:1k", or set truncate to embed its start.',
    );
    expect(await message(textOf(10, 100), { extend: 'gp:64' })).toBe(
      'ERR_INPUT_TOO_LONG The text is 102 tokens with its prompt and special tokens, but "gp:64" takes 64: ' +
        'set extend to "gp:1k", or set truncate to embed its start.',
    );
    expect(await message(textOf(10, 15), { maxTokens: 8 })).toBe(
      'ERR_INPUT_TOO_LONG The text is 17 tokens with its prompt and special tokens, but the option maxTokens allows 8: ' +
        'raise maxTokens, set extend to "pcw:1k", or set truncate to embed its start.',
    );
    expect(await message('10', { maxTokens: 2, truncate: true })).toBe(
      'ERR_INPUT_TOO_LONG The prompt and special tokens alone are 2 tokens, and the option maxTokens allows 2. ' +
        'Give a shorter prompt or a higher limit.',
    );
  });

  it('past what any strategy takes is an error whose only advice is to cut', () => {
    const settings = { limit: 16, extend: { method: 'none', spec: 'none', limit: 16 } };
    const error = tooLong({ content: 2 ** 25, overhead: 2 }, settings as EmbedSettings, absolute());
    expect(error.message).toBe(
      'The text is 33554434 tokens with its prompt and special tokens, but "none" takes 16: set truncate to embed its start.',
    );
  });

  it('is cut at the end with truncate, the last special token kept', async () => {
    const native = new FakeNative();
    const model = await native.open();
    expect(await model.embed('10 11 12 13 14', { maxTokens: 5, truncate: true })).toMatchObject({
      tokens: 5,
      truncated: true,
    });
    expect(native.batches[0]!.sequences).toEqual([[1, 10, 11, 12, 2]]);
    expect(await model.embed(textOf(10, 14), { truncate: true })).toMatchObject({
      tokens: 16,
      truncated: false,
    });
    expect(await model.embed(textOf(10, 15), { truncate: true })).toMatchObject({
      tokens: 16,
      truncated: true,
    });
    expect(await model.embed(textOf(10, 99), { truncate: true, extend: 'pcw:64' })).toMatchObject({
      tokens: 64,
      truncated: true,
    });
  });

  it('is not raised by maxTokens', async () => {
    const model = await new FakeNative().open();
    await expect(model.embed(textOf(10, 15), { maxTokens: 100 })).rejects.toThrow('"none" takes 16');
  });
});

describe('token ids', () => {
  it('are copied: changing the array afterwards changes nothing', async () => {
    const native = new FakeNative();
    const model = await native.open();
    const ids = Int32Array.of(10, 11);
    const call = model.embed(ids);
    ids.fill(99);
    await call;
    expect(native.batches[0]!.sequences).toEqual([[1, 10, 11, 2]]);
  });
});
