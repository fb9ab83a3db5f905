/** A model's info about its strategies agrees with its behaviour, on the real engine. */
import { afterAll, describe, expect, it } from 'vitest';
import type { LongEmbedError } from '../../lib/index.js';
import type { SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { contentTokens, StrategyModels } from '../native/strategy-models.js';

const models = new StrategyModels();
afterAll(() => models.close());

/** By how positions are encoded; an architecture that is not listed rotates. */
const SUPPORTED: Partial<Record<SpecName, string>> = {
  bert: 'none pcw gp rp pi',
  'bert-rows': 'none pcw gp rp pi',
  'jina-bert-v2': 'none pcw',
  t5encoder: 'none pcw',
};

describe.each(
  [...ARCHITECTURE_NAMES, 'bert-rows' as const].map(
    (name) => [name, SUPPORTED[name] ?? 'none pcw gp rp pi ntk se dntk yarn'] as const,
  ),
)('%s', (name, expected) => {
  it(`takes ${expected}`, async () => {
    const { info } = await models.load(name);
    expect(info.strategies.flatMap(({ method, supported }) => (supported ? [method] : [])).join(' ')).toBe(
      expected,
    );
  });

  it('embeds with the supported ones, and refuses the others for the reason given', async () => {
    const model = await models.load(name);
    for (const { method, supported, reason } of model.info.strategies) {
      const embedded = await model
        .embed(contentTokens(20), { extend: method })
        .catch((error: unknown) => error as LongEmbedError);
      if (supported) expect(embedded, method).toHaveProperty('embedding');
      else {
        expect(embedded).toMatchObject({ code: 'ERR_STRATEGY_UNSUPPORTED' });
        expect((embedded as LongEmbedError).message).toContain(
          `does not support ${method}: ${reason ?? ''}. It supports`,
        );
      }
    }
  });
});

it('none goes as far as the rows of a position matrix, and no further', async () => {
  const model = await models.load('bert-rows');
  expect(model.info.strategies[0]).toMatchObject({
    method: 'none',
    note: 'at most 2048 tokens, the rows of its position matrix',
  });
  const { tokens } = await model.embed(contentTokens(2046), { extend: 'none:2k' });
  expect(tokens).toBe(2048);
  await expect(model.embed(contentTokens(10), { extend: 'none:2049' })).rejects.toThrow(/^target is 2049/);
});

it('llama.cpp’s context goes past the native context only without attention scaling', async () => {
  const model = await models.load('t5encoder-biases');
  expect(model.info.strategies[0]).toMatchObject({
    method: 'none',
    note: 'longer texts only with attention-scale=off',
  });
  await expect(model.embed(contentTokens(100), { extend: 'none:128' })).rejects.toThrow(
    /none:128,attention-scale=off/,
  );
  const { tokens } = await model.embed(contentTokens(100), { extend: 'none:128,attention-scale=off' });
  expect(tokens).toBe(101);
});
