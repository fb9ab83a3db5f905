/** Several models in little memory. */
import { describe, expect, it } from 'vitest';
import { type ErrorCode, LongEmbedError } from '../../lib/index.js';
import { ModelPool, type PoolEvent, type PoolOptions } from '../../server/models/model-pool.js';
import type { Model } from '../../server/models/served-model.js';
import { fakeModel, type FakeModel } from './fake-model.js';

interface World {
  pool: ModelPool;
  events: string[];
  loads: string[];
  use: <T>(id: string, work?: (model: Model) => Promise<T>) => Promise<T>;
}

const OPTIONS: PoolOptions = {
  load: () => Promise.resolve(fakeModel()),
  loadOptions: {},
  extend: 'none',
  maxTokens: undefined,
  maxMemoryBytes: 200,
  preload: false,
  onEvent: () => undefined,
};

/** A pool of models of 100 bytes called a, b, c. */
async function open(options: Partial<PoolOptions> = {}): Promise<World> {
  const [events, loads]: [string[], string[]] = [[], []];
  const pool = await ModelPool.open(
    ['a', 'b', 'c'].map((id) => ({ id, source: `${id}.gguf` })),
    {
      ...OPTIONS,
      load: (path) => {
        loads.push(path);
        return Promise.resolve(fakeModel());
      },
      onEvent: (event: PoolEvent) => events.push(`${event.type} ${event.id}`),
      ...options,
    },
  );
  loads.length = 0;
  const use: World['use'] = (id, work = () => Promise.resolve(undefined as never)) =>
    pool.use(pool.get(id)!, new AbortController().signal, work);
  return { pool, events, loads, use };
}

const hold = (): { work: () => Promise<void>; release: () => void } => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  return { work: () => gate, release };
};

it('models are loaded by their first request, once', async () => {
  const { use, loads, pool } = await open();
  expect(pool.loaded('a')).toBeNull();
  await Promise.all([use('a'), use('a'), use('b')]);
  expect(loads).toEqual(['a.gguf', 'b.gguf']);
  expect(pool.loaded('a')).not.toBeNull();
  await pool.dispose();
});

it('the one that was used longest ago makes room', async () => {
  const { use, events, pool } = await open();
  await use('a');
  await use('b');
  await use('a');
  await use('c');
  expect(events).toEqual(['loaded a', 'loaded b', 'unloaded b', 'loaded c']);
  await pool.dispose();
});

it('a model in use is not unloaded, and requests for it do not keep it for ever', async () => {
  const { use, events, pool } = await open({ maxMemoryBytes: 100 });
  const held = hold();
  const using = use('a', held.work);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = use('b');
  await new Promise((resolve) => setTimeout(resolve, 5));
  // it comes after b's request, so b is loaded first
  const third = use('a');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(events).toEqual(['loaded a']);
  held.release();
  await Promise.all([using, second, third]);
  expect(events).toEqual(['loaded a', 'unloaded a', 'loaded b', 'unloaded b', 'loaded a']);
  await pool.dispose();
});

it('many requests for more models than fit are all served', async () => {
  const { use, pool } = await open({ maxMemoryBytes: 100 });
  const ids = Array.from({ length: 60 }, (_, i) => 'abc'[i % 3]!);
  const served = await Promise.all(
    ids.map((id) => use(id, (model) => Promise.resolve(model.info.sizeBytes))),
  );
  expect(served).toEqual(Array(60).fill(100));
  await pool.dispose();
});

it.each([
  ['ERR_MODEL_INVALID', false],
  ['ERR_BACKEND', true],
] as const)(
  'a model that cannot be loaded fails its request, and the next tries again: %s',
  async (code, retryable) => {
    let broken = false;
    const { use, events, pool } = await open({
      load: () => (broken ? Promise.reject(new LongEmbedError(code, 'gone')) : Promise.resolve(fakeModel())),
    });
    broken = true;
    await expect(use('a')).rejects.toMatchObject({ status: 503, code: 'model_unavailable', retryable });
    broken = false;
    await use('a');
    expect(events).toEqual(['failed a', 'loaded a']);
    await pool.dispose();
  },
);

describe('a model whose file was replaced', () => {
  const lost = (code: ErrorCode) => (): Promise<never> =>
    Promise.reject(new LongEmbedError(code, 'a.gguf …'));

  it.each(['ERR_MODEL_INVALID', 'ERR_MODEL_NOT_FOUND'] as const)('is loaded anew after %s', async (code) => {
    const { use, events, pool } = await open();
    await use('a');
    const model = pool.loaded('a') as FakeModel;
    const failed = use('a', lost(code));
    await expect(failed).rejects.toMatchObject({ status: 503, code: 'model_unavailable', retryable: true });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('.gguf') });
    expect([model.disposed, pool.loaded('a')]).toEqual([true, null]);
    await use('a');
    expect(pool.loaded('a')).not.toBe(model);
    expect(events).toEqual(['loaded a', 'unloaded a', 'loaded a']);
    await pool.dispose();
  });

  it('is unloaded once, however many requests fail with it', async () => {
    const { use, events, loads, pool } = await open();
    await Promise.allSettled(Array.from({ length: 5 }, () => use('a', lost('ERR_MODEL_INVALID'))));
    await use('a');
    expect(loads).toEqual(['a.gguf', 'a.gguf']);
    expect(events).toEqual(['loaded a', 'unloaded a', 'loaded a']);
    await pool.dispose();
  });

  it('stays loaded where the failure is another', async () => {
    const { use, loads, pool } = await open();
    await expect(use('a', lost('ERR_BACKEND'))).rejects.toMatchObject({ code: 'ERR_BACKEND' });
    await use('a');
    expect(loads).toEqual(['a.gguf']);
    await pool.dispose();
  });

  it('is described anew, and requests made for the old one are not computed by the new one', async () => {
    let nativeContext = 256;
    const load = (): Promise<FakeModel> => {
      const model = fakeModel();
      return Promise.resolve({ ...model, info: { ...model.info, nativeContext } });
    };
    const { use, pool } = await open({ load });
    const before = pool.get('a')!;
    nativeContext = 128;
    let computed = false;
    const work = (): Promise<void> => {
      computed = true;
      return Promise.resolve();
    };
    await expect(use('a', work)).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
    expect([computed, before.maxTokens, pool.get('a')!.maxTokens]).toEqual([false, 256, 128]);
    await use('a', work);
    expect(computed).toBe(true);
    await pool.dispose();
  });

  it('of the caller stays the caller’s', async () => {
    const source = fakeModel();
    const own = await ModelPool.open([{ id: 'own', source }], OPTIONS);
    const failed = own.use(own.get('own')!, new AbortController().signal, lost('ERR_MODEL_INVALID'));
    await expect(failed).rejects.toMatchObject({ code: 'ERR_MODEL_INVALID' });
    expect([source.disposed, own.loaded('own')]).toEqual([false, source]);
    await own.dispose();
  });
});

it('a request whose client has gone does not wait for the model', async () => {
  const { pool } = await open({ load: slow() });
  const controller = new AbortController();
  const waiting = pool.use(pool.get('a')!, controller.signal, () => Promise.resolve());
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
});

function slow(): PoolOptions['load'] {
  let calls = 0;
  return () => (++calls <= 3 ? Promise.resolve(fakeModel()) : new Promise(() => undefined));
}

it('all are checked at the start', async () => {
  await expect(open({ maxMemoryBytes: 99 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  await expect(open({ extend: 'ntk:4k' })).rejects.toMatchObject({ code: 'ERR_STRATEGY_UNSUPPORTED' });
  const failing = { load: () => Promise.reject(new LongEmbedError('ERR_MODEL_NOT_FOUND', 'none')) };
  await expect(open(failing)).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
});

it('preloading loads as many as fit', async () => {
  const models: FakeModel[] = [];
  const load = (): Promise<FakeModel> => {
    const model = fakeModel();
    models.push(model);
    return Promise.resolve(model);
  };
  const { pool } = await open({ preload: true, load });
  expect(['a', 'b', 'c'].map((id) => pool.loaded(id) !== null)).toEqual([true, true, false]);
  expect(models.map(({ disposed }) => disposed)).toEqual([false, false, true]);
  await pool.dispose();
  expect(models.every(({ disposed }) => disposed)).toBe(true);
});
