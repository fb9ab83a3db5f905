/**
 * The figures of docs/models.md, as a table: of each architecture's random models in F32, the largest 1 − cosine to the float64
 * oracle over all fixtures but those of 32,768 tokens, and to llama.cpp's own graph without extension.
 *
 *     npx tsx test/native/worst.ts [ARCHITECTURE …]
 */
import { EmbeddingModel } from '../../lib/index.js';
import { ARCHITECTURE_NAMES, NAMED_SPECS } from '../../models/random/index.js';
import { cosineDistance, fixtureNames, type Fixture, type FixtureCase, readFixture } from './fixtures.js';
import { embedOptions, FixtureModels } from './oracle-cases.js';

/** Of a case's vectors; null where llama.cpp's context computes the model, whose differences are its own. */
async function toOracle(models: FixtureModels, one: FixtureCase): Promise<number | null> {
  const model = await models.for(one);
  if (model.info.engine !== 'graph') return null;
  if (one.chunks.length === 0) {
    return cosineDistance((await model.embed(one.content, embedOptions(one))).embedding, one.embedding);
  }
  const spans = one.chunks.map(({ span }) => span);
  const { chunks } = await model.embedChunks({ tokens: one.content, spans }, embedOptions(one));
  return Math.max(...chunks.map(({ embedding }, i) => cosineDistance(embedding, one.chunks[i]!.embedding)));
}

/** The same model by both, on the fixture's texts within its context. */
async function toLlamaCpp({ path, cases }: Fixture): Promise<number> {
  const load = (): Promise<EmbeddingModel> =>
    EmbeddingModel.load(path, {
      backend: 'cpu',
      threads: 1,
      preset: false,
      isolate: false,
      onWarning: () => undefined,
    });
  await using ours = await load();
  process.env['LONGEMBED_ENGINE'] = 'llama_context';
  await using theirs = await load().finally(() => delete process.env['LONGEMBED_ENGINE']);
  // llama.cpp's context applies no dense layers
  if (ours.info.dimensions !== theirs.info.dimensions) return NaN;
  let worst = 0;
  for (const one of cases) {
    if (one.extend !== 'none' || one.specialTokens !== null) continue;
    const [a, b] = [
      await ours.embed(one.content, embedOptions(one)),
      await theirs.embed(one.content, embedOptions(one)),
    ];
    worst = Math.max(worst, cosineDistance(a.embedding, b.embedding));
  }
  return worst;
}

const architectureOf = ({ model }: Fixture): string => NAMED_SPECS[model].arch;

const asked = process.argv.slice(2);
const kinds = ['basic', 'strategies', 'windows', 'beyond', 'chunks'] as const;
console.log('architecture, cases, 1 − cosine to the oracle, to llama.cpp without extension by model');
for (const architecture of asked.length > 0 ? asked : ARCHITECTURE_NAMES) {
  let [worst, count] = [0, 0];
  const others: string[] = [];
  for (const kind of kinds) {
    for (const fixture of fixtureNames(kind).map(readFixture)) {
      if (architectureOf(fixture) !== architecture) continue;
      await using models = new FixtureModels(fixture);
      for (const one of fixture.cases) {
        const distance = await toOracle(models, one);
        if (distance === null) continue;
        worst = Math.max(worst, distance);
        count += 1;
      }
      if (kind === 'basic') others.push(`${fixture.name} ${(await toLlamaCpp(fixture)).toExponential(1)}`);
    }
  }
  console.log(`${architecture}, ${count}, ${worst.toExponential(1)}, ${others.join(', ')}`);
}
