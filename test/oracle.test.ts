/** The library against the float64 oracle: none, pcw and ntk, every architecture, one text at a time and in batches. */
import { afterAll, describe, expect, it } from 'vitest';

import { cosineDistance, readFixture } from './fixtures.js';
import { compareCase, embedOptions, FixtureModels, groupsOfOneCall, limitOf, Worst } from './oracle-cases.js';

const FIXTURES = [
  'bert',
  'bert-rows',
  'bert-bare',
  'jina-bert-v3',
  'jina-bert-v3-bare',
  'nomic-bert',
  'llama',
  'llama-biases',
  'qwen2',
  'qwen2-bidirectional',
  'jina-bert-v2',
];

describe.each(FIXTURES)('%s', (name) => {
  const fixture = readFixture(name);
  const models = new FixtureModels(fixture);
  afterAll(() => models[Symbol.asyncDispose]());

  it(`gives the oracle's vectors, one text at a time`, async () => {
    const worst = new Worst();
    for (const one of fixture.cases) worst.add(one, await compareCase(models, one));
    console.info(`${name}: worst 1 - cosine to the oracle: ${worst.toString()}`);
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

  it('splits the prompt into the tokens that the oracle took', async () => {
    const prompted = fixture.cases.find(({ prompt }) => prompt !== null);
    if (prompted === undefined || prompted.prompt === null) return;
    const model = await models.for(prompted);
    expect([...(await model.tokenize(prompted.prompt.text))]).toEqual(prompted.prompt.tokens);
  });
});
