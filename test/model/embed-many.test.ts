import { describe, expect, it } from 'vitest';
import type { ManyInput, ManyResult } from '../../lib/index.js';
import { collect, FakeNative, nativeError, ROPE_FACTS, settle, textOf } from './fake-native.js';

/** The first content token of each document, or the code of its error: enough to tell documents apart. */
function outcomes(results: ManyResult[]): (number | string)[] {
  return results.map((result) => ('error' in result ? result.error.code : Math.round(result.embedding[0]!)));
}

const RAW = { normalize: false } as const;

async function* later<T>(items: T[], milliseconds = 0): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    yield item;
  }
}

describe('order and identity', () => {
  it('gives results in input order with index and id, from sync and async sources', async () => {
    const inputs: ManyInput[] = [
      '10',
      { id: 'a', text: '11 5 5' },
      [12, 5],
      { id: 7, tokens: Int32Array.of(13) },
      '14',
    ];
    const model = await new FakeNative().open();
    for (const source of [inputs, later(inputs)]) {
      const results = await collect(model.embedMany(source, RAW));
      expect(outcomes(results)).toEqual([10, 11, 12, 13, 14]);
      expect(results.map(({ index, id }) => [index, id])).toEqual([
        [0, undefined],
        [1, 'a'],
        [2, undefined],
        [3, 7],
        [4, undefined],
      ]);
      expect(results.map((result) => 'id' in result)).toEqual([false, true, false, true, false]);
    }
  });

  it('keeps the order when later documents are done first', async () => {
    const native = new FakeNative(ROPE_FACTS);
    native.hold = true;
    const model = await native.open();
    // Under pi, texts past the native context of 16 have another RoPE scale than short ones: two kinds of batches.
    const inputs = [textOf(10, 30), '11', textOf(12, 30), '13'];
    const results = collect(model.embedMany(inputs, { ...RAW, extend: 'pi:64' }));
    await settle();
    expect(native.batches.map(({ ropeScale }) => ropeScale)).toEqual([1 / 4]);
    native.batches[0]!.finish();
    await settle();
    expect(native.batches.map(({ ropeScale }) => ropeScale)).toEqual([1 / 4, 1]);
    native.batches[1]!.finish();
    expect(outcomes(await results)).toEqual([10, 11, 12, 13]);
  });

  it('answers overlapping calls of next in turn, and stays done', async () => {
    const model = await new FakeNative().open();
    const run = model.embedMany(['10', '11'], RAW);
    const answers = await Promise.all([run.next(), run.next(), run.next(), run.next()]);
    expect(answers.map(({ done }) => done)).toEqual([false, false, true, true]);
    expect(answers.map(({ value }) => value?.index)).toEqual([0, 1, undefined, undefined]);
  });

  it('awaits the promises of a sync iterable, as for await does', async () => {
    const model = await new FakeNative().open();
    const inputs = [Promise.resolve('10'), Promise.resolve('11')] as unknown as string[];
    expect(outcomes(await collect(model.embedMany(inputs, RAW)))).toEqual([10, 11]);
  });

  it('gives nothing for no inputs', async () => {
    const model = await new FakeNative().open();
    expect(await collect(model.embedMany([]))).toEqual([]);
  });
});

describe('batches', () => {
  it('fills batches up to batchTokens with documents in order', async () => {
    const native = new FakeNative();
    const model = await native.open();
    // 5 tokens each with [CLS] and [SEP].
    const inputs = Array.from({ length: 10 }, (_, i) => textOf(10 + i, 3));
    const results = await collect(model.embedMany(inputs, { ...RAW, batchTokens: 17 }));
    expect(outcomes(results)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(native.batches.map(({ lengths }) => [...lengths])).toEqual([[5, 5, 5], [5, 5, 5], [5, 5, 5], [5]]);
    expect(native.batches[0]!.sequences).toEqual([
      [1, 10, 5, 5, 2],
      [1, 11, 5, 5, 2],
      [1, 12, 5, 5, 2],
    ]);
  });

  it('runs a window longer than batchTokens alone', async () => {
    const native = new FakeNative();
    const model = await native.open();
    await collect(model.embedMany(['10', textOf(11, 14), '12'], { batchTokens: 8 }));
    expect(native.batches.map(({ lengths }) => [...lengths])).toEqual([[3], [16], [3]]);
  });

  it('spreads the windows of a long document over batches and shares those with its neighbours', async () => {
    const native = new FakeNative();
    const model = await native.open();
    // Windows of 16 tokens hold 14 of content: 10 windows.
    const inputs = ['10', textOf(11, 140), '12'];
    const results = await collect(model.embedMany(inputs, { ...RAW, extend: 'pcw:256', batchTokens: 50 }));
    expect(native.batches.map(({ lengths }) => [...lengths])).toEqual([
      [3, 16, 16],
      [16, 16, 16],
      [16, 16, 16],
      [16, 16, 3],
    ]);
    expect(
      results.map((result) => ('windows' in result ? [result.windows, result.tokens] : result.error)),
    ).toEqual([
      [1, 3],
      [10, 142],
      [1, 3],
    ]);
  });

  it('does not wait for a slow source with documents that could run', async () => {
    const native = new FakeNative();
    const model = await native.open();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    async function* source() {
      yield '10';
      await gate;
      yield '11';
    }
    const run = model.embedMany(source(), RAW);
    expect(outcomes([(await run.next()).value!])).toEqual([10]);
    release();
    expect(outcomes([(await run.next()).value!])).toEqual([11]);
  });
});

describe('reading ahead', () => {
  function counted(text: (index: number) => string) {
    const counter = { read: 0, closed: false };
    function* source() {
      try {
        for (;;) yield text(counter.read++);
      } finally {
        counter.closed = true;
      }
    }
    return { counter, source: source() };
  }

  it('tokenizes the next documents while a batch computes', async () => {
    const native = new FakeNative();
    native.hold = true;
    const model = await native.open();
    const results = collect(model.embedMany(['10', '11', '12', '13'], { batchTokens: 3 }));
    await settle();
    // One batch runs, one waits on the native side, and a batch's worth of tokens is ready here.
    expect(native.batches).toHaveLength(2);
    expect(native.tokenized.length).toBeGreaterThanOrEqual(3);
    while (native.batches.length < 4) {
      native.batches.at(-1)!.finish();
      native.batches.at(-2)!.finish();
      await settle();
    }
    for (const batch of native.batches) batch.finish();
    expect(await results).toHaveLength(4);
  });

  it('stops when results are not taken, and continues when they are', async () => {
    const { counter, source } = counted((index) => textOf(10 + index, 14));
    const model = await new FakeNative().open();
    const run = model.embedMany(source, { ...RAW, batchTokens: 64 });
    expect(outcomes([(await run.next()).value!])).toEqual([10]);
    await settle();
    const ahead = counter.read;
    // Documents of 16 tokens: 8 finished (2 batches), up to 8 on the native side, 4 waiting, 4 being tokenized.
    expect(ahead).toBeLessThanOrEqual(1 + 8 + 8 + 4 + 4);
    await settle();
    expect(counter.read).toBe(ahead);
    for (let i = 1; i <= 30; i++) expect(outcomes([(await run.next()).value!])).toEqual([10 + i]);
    expect(counter.read).toBeGreaterThan(ahead);
    await run.return?.();
    expect(counter.closed).toBe(true);
  });

  it('stops when the native side does not keep up', async () => {
    const { counter, source } = counted(() => textOf(10, 14));
    const native = new FakeNative();
    native.hold = true;
    const model = await native.open();
    const run = model.embedMany(source, { batchTokens: 64 });
    const first = run.next();
    await settle();
    expect(native.batches).toHaveLength(2);
    // 2 batches of 4 documents, 4 waiting, and those that were being tokenized when the fourth came.
    expect(counter.read).toBeLessThanOrEqual(8 + 4 + 4);
    native.batches[0]!.finish();
    await first;
    await run.return?.();
  });

  it('reads nothing before the first call of next', async () => {
    const { counter, source } = counted(() => '10');
    const model = await new FakeNative().open();
    const run = model.embedMany(source);
    await settle();
    expect(counter.read).toBe(0);
    expect(await run.return?.()).toEqual({ done: true, value: undefined });
    expect(await run.next()).toEqual({ done: true, value: undefined });
    expect(counter.read).toBe(0);
  });
});

describe('documents that fail alone', () => {
  it('gives the errors of bad documents in their places', async () => {
    const model = await new FakeNative().open();
    const inputs: unknown[] = [
      '10',
      '',
      ' \n\t',
      'lone \ud800 surrogate',
      textOf(11, 15),
      [1000],
      [1.5],
      ['7'],
      [],
      5,
      null,
      {},
      { id: 'both', text: '10', tokens: [1] },
      { id: { not: 'an id' }, text: '10' },
      { id: 'no text', text: 5 },
      new Uint8Array(2),
      {
        id: 'throws',
        get text() {
          throw new Error('no text today');
        },
      },
      { id: 'last', text: '12' },
    ];
    const results = await collect(model.embedMany(inputs as ManyInput[], RAW));
    expect(outcomes(results)).toEqual([
      10,
      'ERR_INPUT_EMPTY',
      'ERR_INPUT_EMPTY',
      'ERR_TOKENIZER',
      'ERR_INPUT_TOO_LONG',
      'ERR_TOKENIZER',
      'ERR_TOKENIZER',
      'ERR_TOKENIZER',
      'ERR_INPUT_EMPTY',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_BACKEND',
      12,
    ]);
    expect(results.map(({ index }) => index)).toEqual(inputs.map((_, index) => index));
    expect(results[14]!.id).toBe('no text');
    expect(results[16]!.id).toBe('throws');
    expect(messages(results).slice(3, 6)).toEqual([
      'The text is not well-formed Unicode: half a surrogate pair (U+D800) stands alone at index 5. text.toWellFormed() replaces such characters.',
      'The text is 17 tokens with its prompt and special tokens, but "none" takes 16: set extend to "pcw:1k", or set truncate to embed its start.',
      "Token 0 is 1000: this model's tokens are whole numbers from 0 to 999.",
    ]);
  });

  function messages(results: ManyResult[]): string[] {
    return results.map((result) => ('error' in result ? result.error.message : ''));
  }

  it('retries the documents of a failed batch alone, so that only the culprit fails', async () => {
    const native = new FakeNative();
    native.failure = ({ sequences }) =>
      sequences.some((tokens) => tokens.includes(66))
        ? nativeError('ERR_OUT_OF_MEMORY', 'too much')
        : undefined;
    const model = await native.open();
    const results = await collect(model.embedMany(['10', '11 66', '12', '13'], { ...RAW, batchTokens: 12 }));
    expect(outcomes(results)).toEqual([10, 'ERR_OUT_OF_MEMORY', 12, 13]);
    expect(messages(results)[1]).toBe('too much');
    expect(native.batches.map(({ sequences }) => sequences.map((tokens) => tokens[1]))).toEqual([
      [10, 11, 12],
      [10],
      [11],
      [12],
      [13],
    ]);
  });

  it('drops the other windows of a document that failed', async () => {
    const native = new FakeNative();
    native.failure = ({ sequences }) => (sequences[0]!.includes(66) ? nativeError('ERR_BACKEND') : undefined);
    const model = await native.open();
    // 2 windows a batch; 20 windows in all.
    const inputs = [textOf(66, 280), '12'];
    const results = await collect(model.embedMany(inputs, { ...RAW, extend: 'pcw:512', batchTokens: 32 }));
    expect(outcomes(results)).toEqual(['ERR_BACKEND', 12]);
    // The one that failed, the one already on its way, and the other document's.
    expect(native.batches.length).toBeLessThanOrEqual(3);
  });

  it.each([
    ['zero', [0, 0, 0]],
    ['not finite', [1, NaN, 0]],
    ['not finite', [1, Infinity, 0]],
  ])('refuses a vector that is %s', async (what, vector) => {
    const native = new FakeNative();
    native.vector = (tokens) => (tokens[1] === 11 ? vector : [1, 0, 0]);
    const model = await native.open();
    const results = await collect(model.embedMany(['10', '11', '12'], RAW));
    expect(outcomes(results)).toEqual([1, 'ERR_BACKEND', 1]);
    expect(messages(results)[1]).toContain(what);
  });

  it('treats a wrong number of vectors as a failed batch', async () => {
    const native = new FakeNative();
    native.vector = (tokens) => (tokens[1] === 11 ? [1, 2] : [tokens[1]!, 1, 0]);
    const model = await native.open();
    const results = await collect(model.embedMany(['10', '11', '12'], RAW));
    expect(outcomes(results)).toEqual([10, 'ERR_BACKEND', 12]);
  });
});

describe('ends', () => {
  it('delivers what was read before the source threw, then throws its error', async () => {
    const model = await new FakeNative().open();
    const reason = new Error('the disk is gone');
    async function* source() {
      yield* later(['10', '11', '12']);
      throw reason;
    }
    const run = model.embedMany(source(), RAW);
    const first = [await run.next(), await run.next(), await run.next()];
    expect(outcomes(first.map(({ value }) => value!))).toEqual([10, 11, 12]);
    await expect(run.next()).rejects.toBe(reason);
    expect(await run.next()).toEqual({ done: true, value: undefined });
  });

  it('throws what opening the source throws', async () => {
    const model = await new FakeNative().open();
    const reason = new Error('no');
    const source = {
      [Symbol.iterator]() {
        throw reason;
      },
    } as Iterable<string>;
    await expect(collect(model.embedMany(source))).rejects.toBe(reason);
  });

  it('cancels running work and closes the source when the consumer breaks off', async () => {
    const native = new FakeNative();
    const model = await native.open();
    let closed = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield await Promise.resolve(String(10 + i));
      } finally {
        closed = true;
      }
    }
    for await (const result of model.embedMany(source(), { ...RAW, batchTokens: 3 })) {
      expect(outcomes([result])).toEqual([10]);
      native.hold = true;
      await settle();
      break;
    }
    expect(native.batches.length).toBeGreaterThan(1);
    expect(native.batches.at(-1)!.cancelled).toBe(true);
    expect(closed).toBe(true);
    const batches = native.batches.length;
    await settle();
    expect(native.batches).toHaveLength(batches);
  });

  it('does not hang when the consumer breaks off while the source is waiting', async () => {
    const model = await new FakeNative().open();
    async function* source() {
      yield '10';
      await new Promise(() => undefined);
    }
    for await (const result of model.embedMany(source())) {
      await settle();
      expect(result.index).toBe(0);
      break;
    }
  });

  it('throws what onProgress throws, and stops', async () => {
    const native = new FakeNative();
    native.hold = true;
    const model = await native.open();
    const reason = new Error('the bar broke');
    const run = model.embedMany(['10'], {
      onProgress: () => {
        throw reason;
      },
    });
    const first = run.next();
    await settle();
    native.batches[0]!.progress(0.5);
    await expect(first).rejects.toBe(reason);
    expect(native.batches[0]!.cancelled).toBe(true);
  });
});

describe('progress', () => {
  it('counts computed tokens, parts of running batches included', async () => {
    const native = new FakeNative();
    native.hold = true;
    const model = await native.open();
    const seen: [number, number][] = [];
    const results = collect(
      model.embedMany([textOf(10, 8), textOf(11, 8)], {
        batchTokens: 10,
        onProgress: ({ tokensDone, tokensTotal }) => seen.push([tokensDone, tokensTotal]),
      }),
    );
    await settle();
    native.batches[0]!.progress(0.5);
    native.batches[0]!.progress(0.5);
    native.batches[0]!.finish();
    await settle();
    native.batches[0]!.progress(0.9);
    native.batches[1]!.progress(0.25);
    native.batches[1]!.finish();
    await results;
    expect(seen).toEqual([
      [5, 20],
      [10, 20],
      [12, 20],
      [20, 20],
    ]);
  });

  it('leaves out the tokens of documents that failed', async () => {
    const native = new FakeNative();
    native.failure = ({ sequences }) => (sequences[0]![1] === 11 ? nativeError('ERR_BACKEND') : undefined);
    const model = await native.open();
    const seen: [number, number][] = [];
    await collect(
      model.embedMany(['10', '11', '12'], {
        batchTokens: 3,
        onProgress: ({ tokensDone, tokensTotal }) => seen.push([tokensDone, tokensTotal]),
      }),
    );
    expect(seen.at(-1)).toEqual([6, 6]);
  });
});
