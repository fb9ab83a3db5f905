/** What the reduced precision costs, where this machine has it; the error where it has not. */
import { describe, expect, it } from 'vitest';

import { EmbeddingModel } from '../lib/index.js';
import { cosineDistance, readFixture } from './fixtures.js';
import { embedOptions, FixtureModels } from './oracle-cases.js';

const MODELS = ['bert-rows', 'jina-bert-v3-strategies', 'nomic-bert', 'llama-strategies'];

async function hasBf16(path: string): Promise<boolean> {
  try {
    await (await EmbeddingModel.load(path, { backend: 'cpu', precision: 'bf16' })).dispose();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('BF16 instructions') as string });
    return false;
  }
}

describe('precision bf16', () => {
  it.each(MODELS)('stays near the oracle, or is refused: %s', async (name) => {
    const fixture = readFixture(name);
    if (!(await hasBf16(fixture.path))) return;
    await using models = new FixtureModels(fixture, 2, 'bf16');
    let worst = 0;
    for (const one of fixture.cases.filter((_, index) => index % 5 === 0)) {
      const model = await models.for(one);
      const { embedding } = await model.embed(one.content, embedOptions(one));
      worst = Math.max(worst, cosineDistance(embedding, one.embedding));
    }
    console.info(`bf16, ${name}: worst 1 - cosine to the oracle: ${worst.toExponential(1)}`);
    expect(worst).toBeLessThan(1e-3);
    // exact to the last digits would mean that the option does nothing
    expect(worst).toBeGreaterThan(1e-8);
  });
});
