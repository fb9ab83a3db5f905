/** The library against the float64 oracle: grouped, recurrent and interpolated positions, self-extend, dynamic NTK and YaRN. */
import { afterAll, describe, expect, it } from 'vitest';

import { POSITION_ARCHITECTURES } from '../../models/random/index.js';
import { fixtureNames, readFixture } from './fixtures.js';
import { compareCase, FixtureModels } from './oracle-cases.js';

const FIXTURES = [...fixtureNames('strategies'), ...fixtureNames('beyond')];

it('every architecture with positions has a fixture of strategies', () => {
  expect(FIXTURES).toEqual(
    expect.arrayContaining(POSITION_ARCHITECTURES.map((arch) => `${arch}-strategies`)),
  );
});

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
