/**
 * The library against the float64 oracle at 32,768 tokens, where the rotations' angles are largest. The last token's vector
 * shows an error there most clearly and takes the least time; LONGEMBED_TEST_ALL=1 runs the other poolings too.
 */
import { afterAll, describe, it } from 'vitest';

import { fixtureNames, readFixture } from './fixtures.js';
import { compareCase, FixtureModels } from './oracle-cases.js';

describe.each(fixtureNames('long'))('%s', (name) => {
  const fixture = readFixture(name);
  const models = new FixtureModels(fixture, 0);
  afterAll(() => models[Symbol.asyncDispose]());

  const cases = fixture.cases.filter(
    ({ pooling }) => pooling === 'last' || process.env.LONGEMBED_TEST_ALL === '1',
  );

  it(`gives the oracle's vectors`, { timeout: 300_000 }, async () => {
    for (const one of cases) await compareCase(models, one);
  });
});
