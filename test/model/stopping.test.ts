import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LongEmbedError } from '../../lib/index.js';
import { collect, FakeNative, nativeError, settle } from './fake-native.js';

/** The error that a promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<LongEmbedError> {
  const outcome: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(LongEmbedError);
  return outcome as LongEmbedError;
}

async function held(): Promise<{ native: FakeNative; model: Awaited<ReturnType<FakeNative['open']>> }> {
  const native = new FakeNative();
  native.hold = true;
  return { native, model: await native.open() };
}

describe('AbortSignal', () => {
  it('rejects at once when it is aborted already, without any work', async () => {
    const { native, model } = await held();
    const signal = AbortSignal.abort('changed my mind');
    for (const call of [model.embed('10', { signal }), collect(model.embedMany(['10'], { signal }))]) {
      const error = await errorOf(call);
      expect(error.code).toBe('ERR_ABORTED');
      expect(error.cause).toBe('changed my mind');
    }
    expect(native.tokenized).toEqual([]);
  });

  it('stops embed while the native side computes', async () => {
    const { native, model } = await held();
    const controller = new AbortController();
    const call = errorOf(model.embed('10', { signal: controller.signal }));
    await settle();
    expect(native.batches).toHaveLength(1);
    controller.abort();
    const error = await call;
    expect(error.code).toBe('ERR_ABORTED');
    expect(error.cause).toBe(controller.signal.reason);
    expect(native.batches[0]!.cancelled).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('stops embed while the text is tokenized', async () => {
    const { native, model } = await held();
    const controller = new AbortController();
    const call = errorOf(model.embed('10', { signal: controller.signal }));
    while (native.tokenized.length === 0) await Promise.resolve();
    controller.abort();
    expect((await call).code).toBe('ERR_ABORTED');
    expect(native.cancelledTexts).toBe(1);
    await settle();
    expect(native.batches).toEqual([]);
  });

  it('ends embedMany by throwing, closes the source and drops what was not taken', async () => {
    const { native, model } = await held();
    const controller = new AbortController();
    let closed = false;
    function* source() {
      try {
        for (let i = 0; ; i++) yield String(10 + i);
      } finally {
        closed = true;
      }
    }
    const run = model.embedMany(source(), { signal: controller.signal, batchTokens: 3 });
    const first = run.next();
    const second = errorOf(run.next());
    const third = run.next();
    await settle();
    native.batches[0]!.finish();
    expect((await first).value?.index).toBe(0);
    controller.abort();
    expect((await second).code).toBe('ERR_ABORTED');
    expect(await third).toEqual({ done: true, value: undefined });
    expect(await run.next()).toEqual({ done: true, value: undefined });
    expect(closed).toBe(true);
    expect(native.batches.slice(1).every(({ cancelled }) => cancelled)).toBe(true);
  });

  it('throws from the next call when none was waiting', async () => {
    const { native, model } = await held();
    const controller = new AbortController();
    const run = model.embedMany(['10', '11'], { signal: controller.signal, batchTokens: 3 });
    const first = run.next();
    await settle();
    native.batches[0]!.finish();
    await first;
    controller.abort();
    expect((await errorOf(run.next())).code).toBe('ERR_ABORTED');
  });

  it('leaves no listener behind, whichever way a call ends', async () => {
    const native = new FakeNative();
    native.failure = ({ sequences }) => (sequences[0]!.includes(66) ? nativeError('ERR_BACKEND') : undefined);
    const model = await native.open();
    const { signal } = new AbortController();
    await model.embed('10', { signal });
    await errorOf(model.embed('66', { signal }));
    await errorOf(model.embed('', { signal }));
    await collect(model.embedMany(['10', '66'], { signal }));
    const broken = model.embedMany(['10', '11'], { signal, batchTokens: 3 });
    await broken.next();
    await broken.return?.();
    // Taken to the last result, but not to the end.
    const run = model.embedMany(['10', '11'], { signal });
    await run.next();
    await run.next();
    await settle();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it("treats an abort of the native side as the end of the run, not as a document's failure", async () => {
    const native = new FakeNative();
    native.failure = () => nativeError('ERR_ABORTED');
    const model = await native.open();
    expect((await errorOf(collect(model.embedMany(['10', '11'])))).code).toBe('ERR_ABORTED');
  });
});

describe('dispose', () => {
  it('frees once, however often it is called', async () => {
    const { native, model } = await held();
    expect(model.dispose()).toBe(model.dispose());
    await model.dispose();
    await model[Symbol.asyncDispose]();
    expect(native.disposals).toBe(1);
  });

  it('refuses calls afterwards', async () => {
    const { model } = await held();
    await model.dispose();
    expect((await errorOf(model.embed('10'))).code).toBe('ERR_DISPOSED');
    expect((await errorOf(model.tokenize('10'))).code).toBe('ERR_DISPOSED');
    expect(() => model.embedMany(['10'])).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
  });

  it('rejects running calls, in any stage', async () => {
    const { native, model } = await held();
    const computing = errorOf(model.embed('10'));
    const iterating = model.embedMany(['11', '12'], { batchTokens: 3 });
    const first = errorOf(iterating.next());
    await settle();
    expect(native.batches).toHaveLength(2);
    const tokenizing = errorOf(model.tokenize('10'));
    const starting = errorOf(model.embed('10'));
    const notStarted = model.embedMany(['10']);
    await model.dispose();
    for (const call of [computing, first, tokenizing, starting, errorOf(notStarted.next())]) {
      expect((await call).code).toBe('ERR_DISPOSED');
    }
    expect(native.batches.every(({ cancelled }) => cancelled)).toBe(true);
    expect(await iterating.next()).toEqual({ done: true, value: undefined });
  });
});

describe('native errors', () => {
  it('become LongEmbedErrors with their code, message and cause', async () => {
    const native = new FakeNative();
    const cause = nativeError('ERR_OUT_OF_MEMORY', '3 GB are missing');
    native.failure = () => cause;
    const error = await errorOf((await native.open()).embed('10'));
    expect([error.code, error.message, error.cause]).toEqual([
      'ERR_OUT_OF_MEMORY',
      '3 GB are missing',
      cause,
    ]);
  });

  it('are ERR_BACKEND when they have another code', async () => {
    const native = new FakeNative();
    const model = await native.open();
    native.failure = () => nativeError('EPERM', 'odd');
    expect((await errorOf(model.embed('10'))).code).toBe('ERR_BACKEND');
    native.embed = () => {
      throw new TypeError('thrown, not rejected');
    };
    const error = await errorOf(model.embed('10'));
    expect([error.code, error.message]).toEqual(['ERR_BACKEND', 'thrown, not rejected']);
  });
});
