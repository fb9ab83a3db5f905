/** The queue that all calls on a model share. */
import { describe, expect, it } from 'vitest';
import { type Embedding, type EmbeddingModel, LongEmbedError, type LoadOptions } from '../../lib/index.js';
import type { NativeFacts } from '../../lib/native/types.js';
import { collect, FakeNative, nativeError, ROPE_FACTS, settle, textOf } from './fake-native.js';

const RAW = { normalize: false } as const;
/** Of the fake vectors: the first content token. */
const firstOf = ({ embedding }: Embedding): number => embedding[0]!;

async function held(
  facts: Partial<NativeFacts> = {},
  options: LoadOptions = {},
): Promise<{ native: FakeNative; model: EmbeddingModel }> {
  const native = new FakeNative(facts);
  native.hold = true;
  return { native, model: await native.open(options) };
}

/** The first content tokens of each batch that came. */
const tokensOf = (native: FakeNative): number[][] =>
  native.batches.map(({ sequences }) => sequences.map(([, token]) => token!));

/** Lets batches end, the first ones first, until no more come. */
async function finishAll(native: FakeNative): Promise<void> {
  for (let done = 0; done < native.batches.length; done++) {
    native.batches[done]!.finish();
    await settle();
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  return error instanceof LongEmbedError ? error.code : String(error);
}

describe('calls on one model', () => {
  it('share the batches that start after they have come, in order', async () => {
    const { native, model } = await held();
    const first = model.embed('10', RAW);
    await settle();
    const others = [11, 12, 13].map((token) => model.embed(String(token), RAW));
    const many = collect(model.embedMany(['14', '15'], RAW));
    await settle();
    expect(tokensOf(native)).toEqual([[10]]);
    await finishAll(native);
    expect(tokensOf(native)).toEqual([[10], [11, 12, 13, 14, 15]]);
    expect((await Promise.all([first, ...others])).map(firstOf)).toEqual([10, 11, 12, 13]);
    expect((await many).map((result) => firstOf(result as Embedding))).toEqual([14, 15]);
  });

  it('do not share what has other pooling, other rotations or factors that change from token to token', async () => {
    const { native, model } = await held(ROPE_FACTS);
    const first = model.embed('10', RAW);
    await settle();
    const others = [
      model.embed('11', RAW),
      model.embed('12', { ...RAW, pooling: 'cls' }),
      model.embed(textOf(13, 30), { ...RAW, extend: 'pi:64,attention-scale=off' }),
      model.embed(textOf(14, 30), { ...RAW, extend: 'none:64,attention-scale=position' }),
      model.embed(textOf(15, 30), { ...RAW, extend: 'none:64,attention-scale=length' }),
      model.embed('16', { ...RAW, extend: 'pcw:64' }),
    ];
    await settle();
    await finishAll(native);
    expect(tokensOf(native)).toEqual([[10], [11, 15, 16], [12], [13], [14]]);
    expect((await Promise.all([first, ...others])).map(firstOf)).toEqual([10, 11, 12, 13, 14, 15, 16]);
  });

  it('keep to the lowest batchTokens of those that share', async () => {
    const { native, model } = await held();
    const first = model.embed('10', RAW);
    await settle();
    const alone = collect(model.embedMany(['11', '12'], { ...RAW, batchTokens: 1 }));
    await settle();
    const others = [13, 14, 15].map((token) => model.embed(String(token), RAW));
    const few = collect(model.embedMany(['16'], { ...RAW, batchTokens: 6 }));
    await settle();
    await finishAll(native);
    expect(tokensOf(native)[0]).toEqual([10]);
    for (const token of [11, 12]) expect(tokensOf(native)).toContainEqual([token]);
    const shared = native.batches.find(({ sequences }) => sequences.some((tokens) => tokens[1] === 16))!;
    expect(shared.sequences.length).toBeLessThanOrEqual(2);
    await Promise.all([first, alone, few, ...others]);
  });

  it("stay apart in llama.cpp's context, which takes one sequence after the other", async () => {
    const { native, model } = await held({ engine: 'llama_context', engineReason: 'so' });
    const calls = [10, 11, 12].map((token) => model.embed(String(token), RAW));
    await settle();
    await finishAll(native);
    expect(tokensOf(native)).toEqual([[10], [11], [12]]);
    await Promise.all(calls);
  });

  it('wait no longer because another one is still reading', async () => {
    const { native, model } = await held();
    async function* never() {
      yield '10';
      await new Promise(() => undefined);
    }
    const run = model.embedMany(never(), RAW);
    void run.next();
    // The text of the call that reads on takes its time; this one has nothing to wait for, and takes it along.
    await Promise.resolve();
    const call = model.embed('11', RAW);
    await settle();
    await finishAll(native);
    expect(firstOf(await call)).toBe(11);
    await run.return?.();
  });
});

describe('a call that ends early', () => {
  it('rejects at once, and takes nothing from those that share its batch', async () => {
    const { native, model } = await held();
    const first = model.embed('10', RAW);
    await settle();
    const controller = new AbortController();
    const aborted = codeOf(model.embed('11', { ...RAW, signal: controller.signal }));
    const other = model.embed('12', RAW);
    await settle();
    native.batches[0]!.finish();
    await settle();
    expect(tokensOf(native)[1]).toEqual([11, 12]);
    controller.abort();
    expect(await aborted).toBe('ERR_ABORTED');
    expect(native.batches[1]!.cancelled).toBe(false);
    native.batches[1]!.finish();
    expect((await Promise.all([first, other])).map(firstOf)).toEqual([10, 12]);
    expect(model.workload).toEqual({ calls: 0, waitingTokens: 0, runningTokens: 0, runningDocuments: 0 });
  });

  it('cancels a batch that nobody has a part in any more', async () => {
    const { native, model } = await held();
    const first = model.embed('10', RAW);
    await settle();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, i) => codeOf(model.embed(String(11 + i), { signal })));
    await settle();
    native.batches[0]!.finish();
    await settle();
    controllers[0]!.abort();
    expect(native.batches[1]!.cancelled).toBe(false);
    controllers[1]!.abort();
    expect(native.batches[1]!.cancelled).toBe(true);
    expect(await Promise.all(calls)).toEqual(['ERR_ABORTED', 'ERR_ABORTED']);
    await first;
  });

  it('leaves nothing behind in the queue, however many do', async () => {
    const { native, model } = await held();
    const first = model.embed('10', RAW);
    await settle();
    const controllers = Array.from({ length: 300 }, () => new AbortController());
    const calls = controllers.map(({ signal }, i) =>
      codeOf(model.embed(String(100 + i), { ...RAW, signal })),
    );
    const last = model.embed('11', RAW);
    await settle();
    expect(model.workload).toMatchObject({ calls: 302, waitingTokens: 301 * 3, runningTokens: 3 });
    for (const controller of controllers) controller.abort();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['ERR_ABORTED']));
    expect(model.workload).toMatchObject({ calls: 2, waitingTokens: 3 });
    await finishAll(native);
    expect(tokensOf(native)).toEqual([[10], [11]]);
    await Promise.all([first, last]);
  });
});

describe('a batch that fails', () => {
  it('fails the call whose text is the cause, and no other', async () => {
    const native = new FakeNative();
    native.hold = true;
    native.failure = ({ sequences }) =>
      sequences.some((tokens) => tokens.includes(66)) ? nativeError('ERR_BACKEND', 'bad text') : undefined;
    const model = await native.open();
    const first = model.embed('10', RAW);
    await settle();
    const calls = ['11', '12 66', '13'].map((text) => model.embed(text, RAW));
    await settle();
    native.hold = false;
    native.batches[0]!.finish();
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(tokensOf(native)).toEqual([[10], [11, 12, 13], [11], [12], [13]]);
    await first;
  });
});

describe('the express lane', () => {
  const LANE = { expressLane: true, positionEncoding: 'rope', positionRows: 0, ropeBase: 10000 } as const;
  const TEXTS = { ...RAW, extend: 'none:4k' } as const;
  const lanes = (native: FakeNative): boolean[] => native.batches.map(({ express }) => express);

  it('takes short texts while another batch is computed, one batch at a time', async () => {
    const { native, model } = await held(LANE);
    const long = model.embed(textOf(10, 2000), TEXTS);
    await settle();
    const queries = [11, 12, 13].map((token) => model.embed(String(token), TEXTS));
    await settle();
    expect(tokensOf(native)).toEqual([[10], [11]]);
    native.batches[1]!.finish();
    expect(firstOf(await queries[0]!)).toBe(11);
    await settle();
    expect(tokensOf(native)).toEqual([[10], [11], [12, 13]]);
    expect(lanes(native)).toEqual([false, true, true]);
    native.batches[2]!.finish();
    expect((await Promise.all(queries)).map(firstOf)).toEqual([11, 12, 13]);
    native.batches[0]!.finish();
    expect(firstOf(await long)).toBe(10);
  });

  it('is not for a model that does nothing else', async () => {
    const { native, model } = await held(LANE);
    const call = model.embed('10', TEXTS);
    await settle();
    expect(lanes(native)).toEqual([false]);
    native.batches[0]!.finish();
    await call;
  });

  it('is left to the few while nothing long runs: many share a whole batch', async () => {
    const { native, model } = await held(LANE);
    const first = model.embed(textOf(9, 300), TEXTS);
    await settle();
    const few = model.embed('10', TEXTS);
    await settle();
    const many = Array.from({ length: 8 }, (_, i) => model.embed(textOf(11 + i, 98), TEXTS));
    await settle();
    native.batches[1]!.finish();
    await settle();
    expect(tokensOf(native)).toEqual([[9], [10]]);
    native.batches[0]!.finish();
    await settle();
    expect(tokensOf(native).slice(2)).toEqual([[11, 12, 13, 14, 15, 16, 17, 18]]);
    expect(lanes(native)).toEqual([false, true, false]);
    await finishAll(native);
    await Promise.all([first, few, ...many]);
  });

  it('takes only the first 512 tokens of a call', async () => {
    const { native, model } = await held(LANE);
    const long = model.embed(textOf(10, 2000), TEXTS);
    await settle();
    const tooLong = model.embed(textOf(11, 511), TEXTS);
    const many = collect(model.embedMany([textOf(12, 298), textOf(13, 198), textOf(14, 98)], TEXTS));
    await settle();
    expect(tokensOf(native)).toEqual([[10], [12]]);
    native.batches[1]!.finish();
    await settle();
    expect(tokensOf(native)).toEqual([[10], [12], [13]]);
    expect(lanes(native)).toEqual([false, true, true]);
    native.batches[2]!.finish();
    await settle();
    expect(native.batches).toHaveLength(3);
    await finishAll(native);
    expect(tokensOf(native)).toEqual([[10], [12], [13], [11, 14]]);
    await Promise.all([long, tooLong, many]);
  });

  it('gives a text back where there is no memory for a second batch', async () => {
    const { native, model } = await held(LANE);
    native.failure = ({ express }) => (express ? nativeError('ERR_OUT_OF_MEMORY') : undefined);
    const long = model.embed(textOf(10, 2000), TEXTS);
    await settle();
    native.hold = false;
    const query = model.embed('11', TEXTS);
    await settle();
    native.batches[0]!.finish();
    expect(firstOf(await query)).toBe(11);
    expect(lanes(native)).toEqual([false, true, false]);
    await long;
  });

  it('fails a text alone that fails alone', async () => {
    const { native, model } = await held(LANE);
    native.failure = ({ express }) => (express ? nativeError('ERR_BACKEND') : undefined);
    const long = model.embed(textOf(10, 2000), TEXTS);
    await settle();
    native.hold = false;
    expect(await codeOf(model.embed('11', TEXTS))).toBe('ERR_BACKEND');
    native.batches[0]!.finish();
    expect(firstOf(await long)).toBe(10);
  });

  it('is made up for, where there is none, by letting short texts into every other batch', async () => {
    const { native, model } = await held({ ...LANE, expressLane: false });
    const many = collect(
      model.embedMany(
        Array.from({ length: 12 }, (_, i) => textOf(20 + i, 598)),
        { ...TEXTS, batchTokens: 600 },
      ),
    );
    await settle();
    expect(tokensOf(native)).toEqual([[20], [21]]);
    const queries = [11, 12].map((token) => model.embed(String(token), TEXTS));
    await settle();
    native.batches[0]!.finish();
    await settle();
    expect(tokensOf(native)).toEqual([[20], [21], [11, 12]]);
    const third = model.embed('13', TEXTS);
    await settle();
    await finishAll(native);
    expect(tokensOf(native).slice(3, 5)).toEqual([[22], [13]]);
    await Promise.all([many, third, ...queries]);
  });
});

describe('workload', () => {
  it('counts calls, and tokens by what becomes of them', async () => {
    const { native, model } = await held();
    expect(model.workload).toEqual({ calls: 0, waitingTokens: 0, runningTokens: 0, runningDocuments: 0 });
    const long = model.embed(textOf(10, 140), { ...RAW, extend: 'pcw:256' });
    await settle();
    const short = model.embed('11', RAW);
    await settle();
    // Ten windows of 16 tokens.
    expect(model.workload).toEqual({
      calls: 2,
      waitingTokens: 3,
      runningTokens: 160,
      runningDocuments: 1,
    });
    await finishAll(native);
    await Promise.all([long, short]);
    expect(model.workload).toEqual({ calls: 0, waitingTokens: 0, runningTokens: 0, runningDocuments: 0 });
  });

  it('is nothing after a failure, after a break and after dispose', async () => {
    const native = new FakeNative();
    const model = await native.open();
    expect(await codeOf(model.embed('', RAW))).toBe('ERR_INPUT_EMPTY');
    for await (const result of model.embedMany(['10', '11', '12'], { batchTokens: 3 })) {
      expect(result.index).toBe(0);
      break;
    }
    native.hold = true;
    const calls = ['10', '11', '12'].map((text) => codeOf(model.embed(text)));
    await settle();
    expect(model.workload.calls).toBe(3);
    await model.dispose();
    expect(await Promise.all(calls)).toEqual(['ERR_DISPOSED', 'ERR_DISPOSED', 'ERR_DISPOSED']);
    expect(model.workload).toEqual({ calls: 0, waitingTokens: 0, runningTokens: 0, runningDocuments: 0 });
  });
});

describe('countTokens', () => {
  it('counts as embed does, and gives the limit', async () => {
    const model = await new FakeNative().open({ prompts: { query: '7 8 ' } });
    for (const options of [{}, { as: 'query' }, { prompt: '9 ' }, { extend: 'pcw:64' }] as const) {
      const { tokens } = await model.embed('10 11', options);
      expect(await model.countTokens('10 11', options)).toMatchObject({ tokens, estimated: false });
    }
    expect(await model.countTokens('10', { extend: 'pcw:64' })).toMatchObject({ limit: 64 });
    expect(await model.countTokens('10', { extend: 'pcw:64', maxTokens: 20 })).toMatchObject({ limit: 20 });
    expect(await model.countTokens([5, 6, 7])).toEqual({ tokens: 5, estimated: false, limit: 16 });
    expect(await model.countTokens(textOf(10, 40))).toEqual({ tokens: 42, estimated: false, limit: 16 });
  });

  it('does not wait for what is computed, and refuses what embed would but for the length', async () => {
    const { native, model } = await held();
    const call = model.embed('10', RAW);
    await settle();
    expect(await model.countTokens('11')).toMatchObject({ tokens: 3 });
    expect(await codeOf(model.countTokens(' '))).toBe('ERR_INPUT_EMPTY');
    expect(await codeOf(model.countTokens('lone \ud800'))).toBe('ERR_TOKENIZER');
    expect(await codeOf(model.countTokens('10', { pooling: 'cls' } as object))).toBe('ERR_INVALID_OPTION');
    expect(await codeOf(model.countTokens('10', { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    native.batches[0]!.finish();
    await call;
    await model.dispose();
    expect(await codeOf(model.countTokens('10'))).toBe('ERR_DISPOSED');
  });
});
