import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type StrategyContext,
  planDocument,
  resolveExtend,
  type WindowPlan,
} from '../../lib/extend/index.js';
import { absolute, rope, thrown } from './facts.js';

const around = { before: 1, after: 1 };

/** The plans of a text of n tokens, [CLS] and [SEP] included. */
function plan(spec: string, facts: StrategyContext, n: number): WindowPlan[] {
  return planDocument(resolveExtend(spec, facts), facts, n - 2, around);
}

/** The only window of a text of n tokens. */
function only(spec: string, facts: StrategyContext, n: number): WindowPlan {
  const [window, ...more] = plan(spec, facts, n);
  expect(more).toEqual([]);
  return window!;
}

const plain = (n: number): WindowPlan => ({
  from: 0,
  to: n - 2,
  positions: null,
  logitScale: null,
  selfExtend: null,
  ropeBase: 0,
  ropeFactors: null,
  ropeScale: 1,
});

const small = rope({ nativeContext: 4 });
const smallAbsolute = absolute({ nativeContext: 4, positionRows: 4 });

describe('positions', () => {
  it('grouped: ⌊i / s⌋ with s from the length, or fixed', () => {
    expect([...only('gp:16', small, 10).positions!]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    expect([...only('gp:16', small, 5).positions!]).toEqual([0, 0, 1, 1, 2]);
    expect([...only('gp:16,s=4', small, 10).positions!]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
  });

  it('recurrent: i mod Lo', () => {
    expect([...only('rp:16', smallAbsolute, 10).positions!]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
  });

  it('interpolated: i / s, past the last row the last row', () => {
    expect([...only('pi:8', smallAbsolute, 8).positions!]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3]);
    expect([...only('pi:6', smallAbsolute, 6).positions!]).toEqual(
      [0, 2 / 3, 4 / 3, 2, 8 / 3, 3].map(Math.fround),
    );
    expect(only('pi:10', small, 8)).toMatchObject({ positions: null, ropeScale: 0.4 });
  });

  it('ntk: the base × λ for every input', () => {
    expect(only('ntk:4k', rope(), 4096).ropeBase).toBe(100_000);
    expect(only('ntk:4k', rope(), 3).ropeBase).toBe(100_000);
    expect(only('ntk:4k,lambda=2.5', rope(), 3).ropeBase).toBe(25_000);
  });

  it('self-extend: group and window go to the native side', () => {
    expect(only('se:4k', rope(), 513).selfExtend).toEqual([9, 64]);
  });

  it('none: past the native context nothing but attention scaling changes', () => {
    expect(only('none:4k,attention-scale=off', rope(), 600)).toEqual(plain(600));
  });
});

describe('attention scaling', () => {
  it('by length: max(1, ln n / ln Lo) for every query', () => {
    expect([...only('none:16', small, 8).logitScale!]).toEqual(Array(8).fill(1.5));
  });

  it('by position: max(1, ln(i + 1) / ln Lo)', () => {
    const factors = only('none:16,attention-scale=position', small, 8).logitScale!;
    expect([...factors]).toEqual(
      [1, 1, 1, 1, Math.log(5), Math.log(6), Math.log(7), Math.log(8)].map((x, i) =>
        i < 4 ? 1 : Math.fround(x / Math.log(4)),
      ),
    );
  });

  it.each(['none:4k', 'gp', 'rp', 'pi', 'ntk', 'se'])('starts past the native context: %s', (spec) => {
    expect(only(spec, rope(), 512).logitScale).toBeNull();
    expect(only(spec, rope(), 513).logitScale).toHaveLength(513);
    expect(only(`${spec},attention-scale=off`, rope(), 513).logitScale).toBeNull();
  });
});

describe('windows', () => {
  const pcw = (content: number, overhead = around) =>
    planDocument(
      resolveExtend('pcw:32', rope({ nativeContext: 8 })),
      rope({ nativeContext: 8 }),
      content,
      overhead,
    );
  const spans = (plans: WindowPlan[]) => plans.map(({ from, to }) => [from, to]);

  it('are pieces of Lo − k; a short last one starts earlier', () => {
    expect(spans(pcw(5))).toEqual([[0, 5]]);
    expect(spans(pcw(6))).toEqual([[0, 6]]);
    expect(spans(pcw(7))).toEqual([
      [0, 6],
      [1, 7],
    ]);
    expect(spans(pcw(12))).toEqual([
      [0, 6],
      [6, 12],
    ]);
    expect(spans(pcw(14))).toEqual([
      [0, 6],
      [6, 12],
      [8, 14],
    ]);
    expect(spans(pcw(0))).toEqual([[0, 0]]);
  });

  it('count the prompt in every window', () => {
    expect(spans(pcw(7, { before: 4, after: 1 }))).toEqual([
      [0, 3],
      [3, 6],
      [4, 7],
    ]);
  });

  it('are never scaled', () => {
    for (const window of pcw(30))
      expect(window).toMatchObject({ positions: null, logitScale: null, ropeScale: 1 });
  });

  it('need room for content', () => {
    const error = thrown(() => pcw(5, { before: 7, after: 1 }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(/8 tokens, and a window has 8.*shorter prompt/);
    expect(spans(pcw(2, { before: 6, after: 1 }))).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('cover every token, full and in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 26 }), fc.integer({ min: 0, max: 5 }), (content, before) => {
        const plans = pcw(content, { before, after: 1 });
        const room = 8 - before - 1;
        const seen = new Set(
          plans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
        );
        expect(seen.size).toBe(content);
        if (content >= room) for (const { from, to } of plans) expect(to - from).toBe(room);
      }),
    );
  });
});

describe('every plan', () => {
  const models: [string, StrategyContext, string[]][] = [
    ['RoPE', rope({ nativeContext: 20 }), ['none:160', 'pcw', 'gp', 'rp', 'pi', 'se']],
    [
      'position matrix',
      absolute({ nativeContext: 20, positionRows: 30 }),
      ['none:30', 'pcw', 'gp', 'rp', 'pi'],
    ],
  ];

  it.each(models)('leaves inputs within the native context unchanged: %s', (_name, facts, specs) => {
    for (const spec of specs) for (let n = 2; n <= 20; n++) expect(only(spec, facts, n)).toEqual(plain(n));
  });

  it.each(models)('keeps positions within the native range: %s', (_name, facts, specs) => {
    for (const spec of specs) {
      const { limit } = resolveExtend(spec, facts);
      for (let n = 2; n <= limit; n++) {
        for (const { positions, from, to } of plan(spec, facts, n)) {
          if (positions === null) continue;
          expect(positions).toHaveLength(to - from + 2);
          const most = spec === 'pi' ? facts.nativeContext : facts.nativeContext - 1;
          for (const position of positions) expect(position >= 0 && position <= most).toBe(true);
        }
      }
    }
  });

  it('is refused past the limit', () => {
    const error = thrown(() => only('gp:4k', rope(), 4097));
    expect(error.code).toBe('ERR_INPUT_TOO_LONG');
    expect(error.message).toMatch(/4097 tokens.*gp:4k takes 4096/);
  });
});
