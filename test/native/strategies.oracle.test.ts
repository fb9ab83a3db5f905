/** The library against the float64 oracle: grouped, recurrent and interpolated positions, and self-extend. */
import { afterAll, describe, it } from 'vitest';

import { readFixture } from './fixtures.js';
import { compareCase, FixtureModels } from './oracle-cases.js';

const FIXTURES = [
  'bert-strategies',
  'jina-bert-v3-strategies',
  'nomic-bert-strategies',
  'llama-strategies',
  'qwen2-strategies',
  'qwen2-bidirectional-strategies',
];

describe.each(FIXTURES)('%s', (name) => {
  const fixture = readFixture(name);
  const models = new FixtureModels(fixture);
  afterAll(() => models[Symbol.asyncDispose]());

  const methods = [...new Set(fixture.cases.map(({ extend }) => extend.split(/[:,]/)[0]!))];
  it.each(methods)(`gives the oracle's vectors with %s`, async (method) => {
    for (const one of fixture.cases) {
      if (one.extend.split(/[:,]/)[0] === method) await compareCase(models, one);
    }
  });
});
