/**
 * On a causal model no token's vector depends on later ones, whatever positions a strategy gives: causality goes by index.
 *
 * The library gives pooled vectors, so all tokens are checked at once: the mean of a text times its length is the sum of
 * its tokens' vectors; of a longer text's sum, what the tokens added must be the vectors that last pooling shows.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES, resolveSpec } from '../../models/random/index.js';
import { contentTokens, NATIVE, StrategyModels } from './strategy-models.js';

// Without the closing token a text's tokens are those that a longer one begins with. (qwen2's BOS is its closing token too.)
const models = new StrategyModels({ specialTokens: { bos: true, eos: false } });
afterAll(() => models.close());

const CAUSAL_ARCHITECTURES = ARCHITECTURE_NAMES.filter((arch) => resolveSpec({ arch }).causal);

type Vector = Float32Array | Float64Array;

const plus = (a: Vector, b: Vector, factor = 1): Float64Array =>
  Float64Array.from(a, (number, i) => number + factor * b[i]!);

/** How far the sum of a text's first `count` tokens moves when tokens are added, relative to the sum. */
async function change(name: SpecName, extend: string, content: Int32Array, count: number): Promise<number> {
  const model = await models.load(name);
  const vector = async (tokens: number, pooling: 'mean' | 'last'): Promise<Float32Array> => {
    const part = content.subarray(0, tokens - 1);
    return (await model.embed(part, { extend, pooling, normalize: false })).embedding;
  };
  const sum = async (tokens: number): Promise<Float64Array> =>
    Float64Array.from(await vector(tokens, 'mean'), (number) => number * tokens);
  const total = content.length + 1;
  const alone = await sum(count);
  let within = await sum(total);
  for (let n = count + 1; n <= total; n++) within = plus(within, await vector(n, 'last'), -1);
  return Math.hypot(...plus(within, alone, -1)) / Math.hypot(...alone);
}

// The sums are of float32: the remainder is rounding.
const ROUNDING = 1e-5;

// Scaling by length depends on the length, and so does gp's group when it is not given.
const SPECS = [
  'none:512,attention-scale=position',
  'none:512,attention-scale=off',
  'gp:512,s=8,attention-scale=position',
  'gp:512,s=11,attention-scale=off',
  'rp:512,attention-scale=position',
  'pi:512,attention-scale=position',
  'pi:512,s=9.5,attention-scale=off',
  'ntk:512,attention-scale=position',
  'se:512',
  'se:512,g=3,w=7',
  'se:512,g=5,w=1,attention-scale=off',
];

describe.each([...CAUSAL_ARCHITECTURES, 'llama-biases' as const])(
  '%s: tokens do not see later ones',
  (name) => {
    it.each(SPECS)('%s', async (extend) => {
      const lengths = fc.record({
        count: fc.integer({ min: NATIVE + 1, max: 300 }),
        more: fc.integer({ min: 1, max: 4 }),
        seed: fc.nat(),
      });
      await fc.assert(
        fc.asyncProperty(lengths, async ({ count, more, seed }) => {
          const content = contentTokens(count + more - 1, seed);
          expect(await change(name, extend, content, count)).toBeLessThan(ROUNDING);
        }),
        { numRuns: 8 },
      );
    });

    it('the first token sees only itself', async () => {
      const model = await models.load(name);
      for (const extend of SPECS) {
        const vectors = await Promise.all(
          [1, 2].map((seed) => model.embed(contentTokens(200, seed), { extend, pooling: 'cls' })),
        );
        expect([...vectors[0]!.embedding], extend).toEqual([...vectors[1]!.embedding]);
      }
    });
  },
);

describe('the check detects', () => {
  it('a bidirectional model', async () => {
    expect(
      await change('jina-bert-v3', 'none:512,attention-scale=off', contentTokens(101), 100),
    ).toBeGreaterThan(10 * ROUNDING);
  });

  it.each(['none:512', 'gp:512,attention-scale=off'])(
    'a strategy that depends on the length: %s',
    async (extend) => {
      // 128 tokens make groups of 2, one more groups of 3.
      expect(await change('llama', extend, contentTokens(128), 128)).toBeGreaterThan(10 * ROUNDING);
    },
  );
});
