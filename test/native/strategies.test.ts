/** Strategies on the real engine, compared with each other: which vectors must be equal and which must differ. */
import { afterAll, describe, expect, it } from 'vitest';
import { cosineDistance } from './fixtures.js';
import type { SpecName } from '../../models/random/cached.js';
import { contentTokens, NATIVE, StrategyModels } from './strategy-models.js';

const SAME = 1e-6;
const ROPE = ['jina-bert-v3', 'nomic-bert', 'nomic-bert-moe', 'llama'] as const;
const ALL = ['bert', ...ROPE] as const;
const SCALES = ['length', 'position', 'off'] as const;

const models = new StrategyModels();
afterAll(() => models.close());

/** A text of n tokens, special ones included. */
const text = (n: number): Int32Array => contentTokens(n - 2);

/** 1 − cosine of a text's vectors with two strategies. */
async function distance(name: SpecName, content: Int32Array, one: string, other: string): Promise<number> {
  const model = await models.load(name);
  const [a, b] = await Promise.all([
    model.embed(content, { extend: one }),
    model.embed(content, { extend: other }),
  ]);
  return cosineDistance(a.embedding, b.embedding);
}

describe.each(ROPE)('self-extend on %s equals plain running past the native context', (name) => {
  it.each(SCALES)('with g = 1, attention scale %s', async (scale) => {
    for (const n of [NATIVE + 1, 200, 511]) {
      for (const w of [1, 7, 64, 600]) {
        const off = await distance(
          name,
          text(n),
          `se:512,g=1,w=${w},attention-scale=${scale}`,
          `none:512,attention-scale=${scale}`,
        );
        expect(off, `n ${n}, w ${w}`).toBeLessThanOrEqual(SAME);
      }
    }
  });

  it.each(SCALES)('with a window that holds the text, attention scale %s', async (scale) => {
    for (const n of [NATIVE + 1, 200, 511]) {
      for (const w of [n, n + 1, 4096]) {
        const off = await distance(
          name,
          text(n),
          `se:512,g=5,w=${w},attention-scale=${scale}`,
          `none:512,attention-scale=${scale}`,
        );
        expect(off, `n ${n}, w ${w}`).toBeLessThanOrEqual(SAME);
      }
      // Otherwise the above would prove nothing. With a window two smaller, the last token sees the second one a step too far
      // away; with one smaller, the only pair outside the window keeps its distance.
      const short = await distance(
        name,
        text(n),
        `se:512,g=${n - 1},w=${n - 2},attention-scale=${scale}`,
        `none:512,attention-scale=${scale}`,
      );
      expect(short, `n ${n}, two short`).toBeGreaterThan(0);
    }
  });
});

describe.each(ALL)('inputs within the native context on %s', (name) => {
  const specs = [
    'pcw',
    'gp',
    'gp,s=5',
    'rp',
    'pi',
    'pi,s=5.5',
    ...(name === 'bert' ? [] : ['se', 'se,g=5,w=3']),
  ];
  it.each(specs)('are unchanged by %s', async (spec) => {
    for (const n of [3, NATIVE - 1, NATIVE]) {
      expect(await distance(name, text(n), spec, 'none'), `n ${n}`).toBe(0);
    }
  });
});

describe('no option is ignored', () => {
  const everywhere = [
    ['gp:512', 'gp:512,s=9'],
    ['gp:512,s=8', 'gp:512,s=9'],
    ['pi:512', 'pi:512,s=9'],
    ['pi:512,s=8', 'pi:512,s=8.5'],
    // s is Lt / Lo: another target is another vector.
    ['pi:512', 'pi:480'],
    ...(['gp', 'rp', 'pi'] as const).flatMap((method) => scalesOf(method)),
  ] as const;
  const rope = [
    ['ntk:512', 'ntk:512,lambda=10.5'],
    ['ntk:512,lambda=2', 'ntk:512,lambda=3'],
    ['ntk:512', 'ntk:256'],
    ['se:512', 'se:512,g=8'],
    ['se:512,g=5,w=16', 'se:512,g=6,w=16'],
    ['se:512', 'se:512,w=9'],
    ['se:512,g=5,w=16', 'se:512,g=5,w=17'],
    ['se:512', 'se:256'],
    ...(['none', 'ntk', 'se'] as const).flatMap((method) => scalesOf(method)),
  ] as const;

  it.each(ALL)('%s', async (name) => {
    for (const [one, other] of name === 'bert' ? everywhere : [...everywhere, ...rope]) {
      expect(await distance(name, text(200), one, other), `${one} and ${other}`).toBeGreaterThan(SAME);
    }
  });

  it.each(ROPE)('ntk applies to short texts too: %s', async (name) => {
    expect(await distance(name, text(20), 'ntk', 'none')).toBeGreaterThan(SAME);
    expect(await distance(name, text(20), 'ntk,lambda=1', 'none')).toBe(0);
  });

  function scalesOf(method: string): (readonly [string, string])[] {
    const spec = (scale: string): string => `${method}:512,attention-scale=${scale}`;
    return [
      [spec('length'), spec('off')],
      [spec('position'), spec('off')],
      [spec('length'), spec('position')],
    ];
  }
});
