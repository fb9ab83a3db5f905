/** The reduced precision: its error where this machine can compute with it, a clear refusal where it cannot. */
import { describe, expect, it } from 'vitest';

import { EmbeddingModel, LongEmbedError } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { cosineDistance, readFixture } from './fixtures.js';
import { embedOptions, FixtureModels } from './oracle-cases.js';

const MODELS = ['bert-rows', 'jina-bert-v3-strategies', 'nomic-bert', 'llama-strategies'];

/** null where this machine can load a model with `precision: 'bf16'`. */
const refusal = await EmbeddingModel.load(modelPath('bert'), { backend: 'cpu', precision: 'bf16' }).then(
  async (model) => {
    await model.dispose();
    return null;
  },
  (error: unknown) => error,
);

describe.skipIf(refusal !== null)(
  'precision bf16 (on processors whose BF16 instructions are faster than those for floats)',
  () => {
    it.each(MODELS)('stays near the oracle: %s', async (name) => {
      const fixture = readFixture(name);
      await using models = new FixtureModels(fixture, 2, 'bf16');
      let worst = 0;
      for (const one of fixture.cases.filter((_, index) => index % 5 === 0)) {
        const model = await models.for(one);
        const { embedding } = await model.embed(one.content, embedOptions(one));
        worst = Math.max(worst, cosineDistance(embedding, one.embedding));
      }
      expect(worst).toBeLessThan(1e-3);
      // a smaller error would mean that the option does nothing
      expect(worst).toBeGreaterThan(1e-8);
    });
  },
);

it.skipIf(refusal === null)(
  'bf16 is refused (on processors without BF16 instructions, or with slow ones)',
  () => {
    expect(refusal).toBeInstanceOf(LongEmbedError);
    expect(refusal).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining('BF16 instructions') as string,
    });
  },
);
