/** The library against the float64 oracle: none, pcw and ntk, every architecture, one text at a time and in batches. */
import { afterAll, describe, expect, it } from 'vitest';

import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { cosineDistance, fixtureNames, readFixture } from './fixtures.js';
import { compareCase, embedOptions, FixtureModels, groupsOfOneCall, limitOf } from './oracle-cases.js';

const FIXTURES = fixtureNames('basic');

it('every architecture has a fixture of its name', () => {
  expect(FIXTURES).toEqual(expect.arrayContaining(ARCHITECTURE_NAMES));
});

/** The fixtures whose cases have no prompt. */
const NO_PROMPTS = ['bert-rows'];

describe.each(FIXTURES)('%s', (name) => {
  const fixture = readFixture(name);
  const models = new FixtureModels(fixture);
  afterAll(() => models[Symbol.asyncDispose]());

  it(`gives the oracle's vectors, one text at a time`, async () => {
    for (const one of fixture.cases) await compareCase(models, one);
  });

  it(`gives the oracle's vectors in batches of mixed lengths`, async () => {
    const groups = groupsOfOneCall(fixture.cases).filter((group) => group.length > 1);
    expect(groups.length).toBeGreaterThan(0);
    for (const group of groups) {
      const model = await models.for(group[0]!);
      const results = model.embedMany(
        group.map(({ id, content }) => ({ id, tokens: content })),
        embedOptions(group[0]!),
      );
      let seen = 0;
      for await (const result of results) {
        const one = group[seen]!;
        if ('error' in result) throw result.error;
        expect(result).toMatchObject({ index: seen, id: one.id, tokens: one.tokens, windows: one.windows });
        expect(cosineDistance(result.embedding, one.embedding), one.id).toBeLessThanOrEqual(limitOf(model));
        seen += 1;
      }
      expect(seen).toBe(group.length);
    }
  });

  it.skipIf(NO_PROMPTS.includes(name))(
    'splits the prompt into the tokens that the oracle took (needs a case with a prompt)',
    async () => {
      const prompted = fixture.cases.find(({ prompt }) => prompt !== null)!;
      const model = await models.for(prompted);
      expect([...(await model.tokenize(prompted.prompt!.text))]).toEqual(prompted.prompt!.tokens);
    },
  );
});
