/** Chunk vectors against the float64 oracle: every architecture, one window and several. */
import { afterAll, describe, expect, it } from 'vitest';

import { ARCHITECTURE_NAMES } from '../../models/random/index.js';
import { cosineDistance, fixtureNames, readFixture } from './fixtures.js';
import { embedOptions, FixtureModels, limitOf } from './oracle-cases.js';

const FIXTURES = fixtureNames('chunks');

it('every architecture has a fixture of chunks', () => {
  expect(FIXTURES).toEqual(expect.arrayContaining(ARCHITECTURE_NAMES.map((arch) => `${arch}-chunks`)));
});

describe.each(FIXTURES)('%s', (name) => {
  const fixture = readFixture(name);
  const models = new FixtureModels(fixture);
  afterAll(() => models[Symbol.asyncDispose]());

  it.for(fixture.cases)("gives the oracle's vectors: $id", async (one) => {
    const model = await models.for(one);
    const spans = one.chunks.map(({ span }) => span);
    const got = await model.embedChunks({ tokens: one.content, spans }, embedOptions(one));
    expect({ tokens: got.tokens, windows: got.windows }).toEqual({
      tokens: one.tokens,
      windows: one.windows,
    });
    expect(cosineDistance(got.embedding, one.embedding), 'the document').toBeLessThanOrEqual(limitOf(model));
    for (const [i, { span, embedding }] of one.chunks.entries()) {
      const { start, end, tokenStart, tokenEnd, embedding: chunk } = got.chunks[i]!;
      expect([start, end, tokenStart, tokenEnd]).toEqual([...span, ...span]);
      expect(cosineDistance(chunk, embedding), `chunk ${span.join(' … ')}`).toBeLessThanOrEqual(
        limitOf(model),
      );
    }
  });
});
