/** The library against the float64 oracle: grouped, recurrent and interpolated positions, and self-extend. */
import { afterAll, describe, it } from 'vitest';

import { readFixture } from './fixtures.js';
import { compareCase, FixtureModels, Worst } from './oracle-cases.js';

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
  const worst = new Worst();
  afterAll(async () => {
    console.info(`${name}: worst 1 - cosine to the oracle: ${worst.toString()}`);
    await models[Symbol.asyncDispose]();
  });

  const methods = [...new Set(fixture.cases.map(({ extend }) => extend.split(/[:,]/)[0]!))];
  it.each(methods)(`gives the oracle's vectors with %s`, async (method) => {
    for (const one of fixture.cases) {
      if (one.extend.split(/[:,]/)[0] === method) worst.add(one, await compareCase(models, one));
    }
  });
});
