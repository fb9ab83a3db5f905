/** The library on the real native side, with small random models. test/native/*.oracle.test.ts check the vectors. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  devices,
  EmbeddingModel,
  LongEmbedError,
  type LoadOptions,
  type ManyResult,
} from '../../lib/index.js';
import { cosineDistance } from '../native/fixtures.js';
import { modelPath } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { longestBlockMsOf, processorMsOf } from '../processor-time.js';
import { wordPieceJson } from '../tokenize/tokenizer-json.js';

const ENGLISH = readFileSync(new URL('../fixtures/english.txt', import.meta.url), 'utf8');

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const outcome: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  return outcome instanceof LongEmbedError ? outcome.code : String(outcome);
}

function vectorOf(result: ManyResult): Float32Array {
  if ('error' in result) throw result.error;
  return result.embedding;
}

// One thread: on a busy machine, threads that wait for each other take many times as long.
const threads = 1;

describe('embedding', () => {
  let model: EmbeddingModel;
  beforeAll(async () => {
    model = await EmbeddingModel.load(modelPath('bert'), { threads });
  });
  afterAll(() => model.dispose());

  it('knows its model', () => {
    expect(model.info).toMatchObject({
      architecture: 'bert',
      engine: 'graph',
      dimensions: 64,
      nativeContext: 64,
      positionEncoding: 'absolute',
      positionRows: 64,
      causal: false,
      pooling: 'mean',
      preset: null,
      specialTokens: { prefix: [expect.any(Number)], suffix: [expect.any(Number)] },
    });
    expect(model.info.strategies.filter(({ supported }) => supported).map(({ method }) => method)).toEqual([
      'none',
      'pcw',
      'gp',
      'rp',
      'pi',
    ]);
  });

  it('gives the same for a text and for its content tokens', async () => {
    const text = ENGLISH.slice(0, 60);
    const fromText = await model.embed(text);
    const tokens = await model.tokenize(text);
    const fromTokens = await model.embed(tokens);
    expect(fromText.tokens).toBe(tokens.length + 2);
    expect([...fromTokens.embedding]).toEqual([...fromText.embedding]);
    expect([...(await model.embed([...tokens])).embedding]).toEqual([...fromText.embedding]);
  });

  it('gives the same for a prompt as for the prompt in the text', async () => {
    const options = { extend: 'pcw', prompt: 'query: ' };
    const text = ENGLISH.slice(0, 60);
    const { embedding } = await model.embed(text, options);
    const joint = await model.embed(`query: ${text}`, { as: 'raw', extend: 'pcw' });
    expect(cosineDistance(embedding, joint.embedding)).toBeLessThan(1e-12);
  });

  it('does not depend on what else is in the batch, on the order, or on the batch size', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => ENGLISH.slice(7 * i, 7 * i + 20 + 37 * i));
    const options = { extend: 'pcw:1k' };
    const alone = await Promise.all(texts.map((text) => model.embed(text, options)));
    for (const batchTokens of [1, 100, 4096]) {
      for (const order of [texts, [...texts].reverse()]) {
        let seen = 0;
        for await (const result of model.embedMany(order, { ...options, batchTokens })) {
          const expected = alone[texts.indexOf(order[result.index]!)]!;
          expect(result).toMatchObject({ tokens: expected.tokens, windows: expected.windows });
          expect(cosineDistance(vectorOf(result), expected.embedding)).toBeLessThan(1e-6);
          seen++;
        }
        expect(seen).toBe(texts.length);
      }
    }
  });

  it('does not depend on the number of threads', async () => {
    await using other = await EmbeddingModel.load(modelPath('bert'), { threads: 3 });
    expect([model.info.threads, other.info.threads]).toEqual([1, 3]);
    const options = { extend: 'gp:1k' };
    const text = ENGLISH.slice(0, 1000);
    const [a, b] = [await model.embed(text, options), await other.embed(text, options)];
    expect(cosineDistance(a.embedding, b.embedding)).toBeLessThan(1e-6);
  });

  it('gives vectors of length 1, or as pooled', async () => {
    const text = ENGLISH.slice(0, 60);
    const [unit, raw] = [await model.embed(text), await model.embed(text, { normalize: false })];
    expect(Math.hypot(...unit.embedding)).toBeCloseTo(1, 6);
    expect(Math.abs(Math.hypot(...raw.embedding) - 1)).toBeGreaterThan(0.1);
    expect(cosineDistance(unit.embedding, raw.embedding)).toBeLessThan(1e-12);
  });

  it('supports each pooling', async () => {
    const vectors = await Promise.all(
      (['mean', 'cls', 'last'] as const).map(
        async (pooling) => (await model.embed('one two three', { pooling })).embedding,
      ),
    );
    expect(cosineDistance(vectors[0]!, vectors[1]!)).toBeGreaterThan(1e-3);
    expect(cosineDistance(vectors[0]!, vectors[2]!)).toBeGreaterThan(1e-3);
    expect(cosineDistance(vectors[1]!, vectors[2]!)).toBeGreaterThan(1e-3);
  });

  it('survives odd texts', async () => {
    expect((await model.embed('one\0two')).embedding).toHaveLength(64);
    // Five megabytes of one letter are one word, too long for WordPiece, or many tokens: both are valid answers.
    const odd = await codeOf(model.embed('a'.repeat(5e6)));
    expect(['no error', 'ERR_INPUT_TOO_LONG']).toContain(odd);
    expect(await codeOf(model.embed('. '.repeat(2.5e6)))).toBe('ERR_INPUT_TOO_LONG');
    expect(await codeOf(model.embed(' '.repeat(5e6)))).toBe('ERR_INPUT_EMPTY');
    expect((await model.embed('. '.repeat(2.5e6), { truncate: true })).tokens).toBe(64);
  });

  it('reports progress up to the end', async () => {
    const seen: number[] = [];
    const totals = new Set<number>();
    await model.embed(ENGLISH.repeat(4), {
      extend: 'pcw:32k',
      onProgress: ({ tokensDone, tokensTotal }) => {
        seen.push(tokensDone);
        totals.add(tokensTotal);
      },
    });
    expect(seen.length).toBeGreaterThan(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect([...totals]).toEqual([seen.at(-1)]);
  });
});

describe('other models', () => {
  it('several at once, of every architecture', async () => {
    const models = await Promise.all(
      ARCHITECTURE_NAMES.map((name) => EmbeddingModel.load(modelPath(name), { threads })),
    );
    const vectors = await Promise.all(models.map((model) => model.embed('one two three')));
    for (const { embedding } of vectors) expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
    expect(models.map(({ info }) => info.engine)).toEqual(ARCHITECTURE_NAMES.map(() => 'graph'));
    await Promise.all(models.map((model) => model.dispose()));
  });

  it('a language model requires a pooling, and accepts special tokens that its file does not add', async () => {
    const path = modelPath('llama-text');
    await using model = await EmbeddingModel.load(path, { threads });
    expect(model.info.pooling).toBe(null);
    expect(await codeOf(model.embed('one two'))).toBe('ERR_INVALID_OPTION');
    const { prefix, suffix } = model.info.specialTokens;
    expect([prefix.length, suffix.length]).toEqual([1, 0]);
    const bare = await model.embed('one two', { pooling: 'last' });
    await using closed = await EmbeddingModel.load(path, {
      pooling: 'last',
      specialTokens: { eos: true },
      threads,
    });
    const { tokens } = await closed.embed('one two');
    expect(tokens).toBe(bare.tokens + 1);
  });

  it('a tokenizer.json in place of the vocabulary gives the same vectors', async () => {
    const path = modelPath('bert');
    const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
    const tokenizer = join(folder, 'tokenizer.json');
    writeFileSync(tokenizer, JSON.stringify(wordPieceJson(path)));
    await using model = await EmbeddingModel.load(path, { threads });
    await using other = await EmbeddingModel.load(path, { tokenizer, threads });
    expect(other.info.tokenizer).toBe(tokenizer);
    const options = { extend: 'pcw:16k', prompt: 'query: ' };
    const [a, b] = [await model.embed(ENGLISH, options), await other.embed(ENGLISH, options)];
    expect(b.tokens).toBe(a.tokens);
    expect([...b.embedding]).toEqual([...a.embedding]);
    rmSync(folder, { recursive: true });
  });

  it('lists devices', () => {
    expect(devices().map(({ kind }) => kind)).toContain('cpu');
  });

  it('says why a backend has no device', async () => {
    const found = devices().map(({ backend }) => backend.toLowerCase());
    const missing = (['cuda', 'vulkan', 'metal'] as const).find((name) => !found.includes(name));
    await expect(EmbeddingModel.load(modelPath('bert'), { backend: missing ?? 'cuda' })).rejects.toThrow(
      /has no device here: (this build was made without it|its driver reports none|failed to load .+)\. "auto" uses/,
    );
  });
});

describe('files that are not models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, string, (path: string) => void]>([
    ['missing', 'ERR_MODEL_NOT_FOUND', () => undefined],
    ['empty', 'ERR_MODEL_INVALID', (path) => writeFileSync(path, '')],
    ['foreign', 'ERR_MODEL_INVALID', (path) => writeFileSync(path, ENGLISH)],
    [
      'cut in its header',
      'ERR_MODEL_INVALID',
      (path) => writeFileSync(path, readFileSync(modelPath('bert')).subarray(0, 1000)),
    ],
    [
      'cut in its tensors',
      'ERR_MODEL_INVALID',
      (path) => {
        writeFileSync(path, readFileSync(modelPath('bert')));
        truncateSync(path, 400_000);
      },
    ],
  ])('%s: %s', async (name, code, make) => {
    const path = join(folder, `${name}.gguf`);
    make(path);
    const error = await EmbeddingModel.load(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LongEmbedError);
    expect((error as LongEmbedError).code).toBe(code);
    expect((error as LongEmbedError).message).toContain(path);
  });

  it('a folder', async () => {
    expect(['ERR_MODEL_INVALID', 'ERR_MODEL_NOT_FOUND']).toContain(await codeOf(EmbeddingModel.load(folder)));
  });
});

describe('stopping', () => {
  /** About 24,000 tokens: seconds of work. */
  const long = ENGLISH.repeat(12);
  const load = (options?: LoadOptions) => EmbeddingModel.load(modelPath('start'), { threads, ...options });
  const extend = 'ntk:64k';

  it('an abort takes effect within 200 ms', async () => {
    await using model = await load();
    const controller = new AbortController();
    let outcome = Promise.resolve('');
    await new Promise<void>((started) => {
      const onProgress = (): void => started();
      outcome = codeOf(model.embed(long, { extend, signal: controller.signal, onProgress }));
    });
    const took = await processorMsOf(async () => {
      controller.abort();
      expect(await outcome).toBe('ERR_ABORTED');
      // Once the next document is done, the native side has stopped too.
      await model.embed('one two');
    });
    expect(took).toBeLessThan(200);
  });

  it('the model still works after an abort', async () => {
    await using model = await load();
    const before = await model.embed('one two three');
    expect(await codeOf(model.embed(long, { extend, signal: AbortSignal.timeout(100) }))).toBe('ERR_ABORTED');
    const after = await model.embed('one two three');
    expect([...after.embedding]).toEqual([...before.embedding]);
  });

  it('disposing ends running calls', async () => {
    const model = await load();
    const calls = [codeOf(model.embed(long, { extend })), codeOf(model.embed(long, { extend }))];
    await sleep(200);
    await model.dispose();
    expect(await Promise.all(calls)).toEqual(['ERR_DISPOSED', 'ERR_DISPOSED']);
  });

  it('loading can be aborted', async () => {
    expect(await codeOf(load({ signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    const controller = new AbortController();
    const loading = codeOf(load({ signal: controller.signal }));
    controller.abort();
    expect(await loading).toBe('ERR_ABORTED');
  });

  it('the event loop stays free while a long document is embedded', async () => {
    await using model = await load();
    const start = performance.now();
    const blocked = await longestBlockMsOf(async () => {
      const { windows } = await model.embed(ENGLISH.repeat(4), { extend: 'pcw:64k' });
      expect(windows).toBeGreaterThan(10);
    });
    // Otherwise this would prove nothing.
    expect(performance.now() - start).toBeGreaterThan(200);
    expect(blocked).toBeLessThan(20);
  });
});
