/** Runs fixtures through the library and compares: shared by the oracle's test files. */
import { expect } from 'vitest';

import { EmbeddingModel, type LoadOptions } from '../../lib/index.js';
import { cosineDistance, type Fixture, type FixtureCase, length } from './fixtures.js';

/**
 * The largest 1 − cosine to the oracle allowed on F32 models. The promise is 1e-6. Our own graph is held to less, since a
 * self-extend window that is off by one makes no larger error; llama.cpp's context computes GELU in half precision.
 */
export function limitOf(model: EmbeddingModel): number {
  return model.info.engine === 'graph' ? 1e-8 : 1e-6;
}

/** How far a vector's length before normalisation may be off, relative. */
const LENGTH_LIMIT = 1e-4;

/**
 * The fixture's model, loaded once for each set of load options.
 *
 * Two threads by default: longer texts are then split into blocks and shorter ones are not, and both must be right.
 */
export class FixtureModels implements AsyncDisposable {
  private readonly models = new Map<string, Promise<EmbeddingModel>>();

  constructor(
    private readonly fixture: Fixture,
    private readonly threads = 2,
    private readonly precision: LoadOptions['precision'] = 'full',
  ) {}

  /** The model as a case wants it. */
  for({ nativeContext, specialTokens }: FixtureCase): Promise<EmbeddingModel> {
    const options: LoadOptions = {
      backend: 'cpu',
      threads: this.threads,
      precision: this.precision,
      preset: false,
      onWarning: () => undefined,
      ...(nativeContext !== null && { nativeContext }),
      ...(specialTokens !== null && { specialTokens }),
    };
    const key = JSON.stringify(options);
    const loaded = this.models.get(key) ?? EmbeddingModel.load(this.fixture.path, options);
    this.models.set(key, loaded);
    return loaded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.models.values()) await (await model).dispose();
  }
}

/** A case's options for `embed`. */
export function embedOptions({ extend, pooling, prompt }: FixtureCase) {
  return { extend, pooling, prompt: prompt?.text ?? '' };
}

/**
 * Embeds a case alone and compares it, direction and length.
 *
 * @param most a smaller limit of 1 − cosine than the model's
 */
export async function compareCase(models: FixtureModels, one: FixtureCase, most = Infinity): Promise<void> {
  const model = await models.for(one);
  const got = await model.embed(one.content, { ...embedOptions(one), normalize: false });
  expect({ tokens: got.tokens, windows: got.windows, truncated: got.truncated }, one.id).toEqual({
    tokens: one.tokens,
    windows: one.windows,
    truncated: false,
  });
  const limit = Math.min(most, limitOf(model));
  expect(cosineDistance(got.embedding, one.embedding), one.id).toBeLessThanOrEqual(limit);
  expect(Math.abs(length(got.embedding) / one.norm - 1), `${one.id}: length`).toBeLessThanOrEqual(
    LENGTH_LIMIT,
  );
}

/** Cases that can go through one call of `embedMany`: the same load options, strategy, pooling and prompt. */
export function groupsOfOneCall(cases: readonly FixtureCase[]): FixtureCase[][] {
  const groups = new Map<string, FixtureCase[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.nativeContext, one.specialTokens, embedOptions(one)]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}
