/** What plans promise, for models, targets and lengths drawn at random. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Extend,
  type StrategyContext,
  largestRelativePosition,
  planDocument,
  relativePosition,
  type ResolvedExtend,
  resolveExtend,
} from '../../lib/extend/index.js';
import { absolute, rope } from './facts.js';

const OVERHEAD = { before: 1, after: 1 };

interface Case {
  facts: StrategyContext;
  resolved: ResolvedExtend;
  /** Two lengths that the strategy takes, special tokens included, the shorter first. */
  lengths: [number, number];
}

/** A model that takes the strategy, the strategy with keys given or left out, and two lengths within its limit. */
function cases(
  method: Extend['method'],
  keys: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Case> {
  return fc
    .record({
      nativeContext: fc.integer({ min: 4, max: 600 }),
      rows: fc.integer({ min: 0, max: 50 }),
      causal: fc.boolean(),
      matrix: fc
        .constant(!['ntk', 'se', 'none'].includes(method))
        .chain((may) => (may ? fc.boolean() : fc.constant(false))),
      times: fc.double({ min: 1, max: 12, noNaN: true }),
      attentionScale: fc.option(fc.constantFrom('length', 'position', 'off'), { nil: undefined }),
      keys: fc.record(keys, { requiredKeys: [] }),
      lengths: fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    })
    .map(({ nativeContext, rows, causal, matrix, times, attentionScale, keys, lengths }) => {
      const facts = matrix
        ? absolute({ nativeContext, positionRows: nativeContext + rows, causal })
        : rope({ nativeContext, causal });
      const target = Math.floor(nativeContext * times);
      // A fixed s has to reach the target.
      const s = 's' in keys ? Math.max(Number(keys['s']), Math.ceil(target / nativeContext)) : undefined;
      const extend = { method, target, attentionScale, ...keys, ...(s !== undefined && { s }) } as Extend;
      const resolved = resolveExtend(extend, facts);
      const [a, b] = lengths.map((part) => 3 + Math.floor(part * (resolved.limit - 3))).sort((x, y) => x - y);
      return { facts, resolved, lengths: [a!, b!] };
    });
}

const whole = fc.integer({ min: 1, max: 200 });
const S = { s: whole };
const GW = { g: whole, w: fc.integer({ min: 1, max: 700 }) };

/** The plan of the only window of a text of n tokens. */
function only({ resolved, facts }: Case, n: number) {
  const [window, ...more] = planDocument(resolved, facts, n - 2, OVERHEAD);
  expect(more).toEqual([]);
  return window!;
}

const holds = (arbitrary: fc.Arbitrary<Case>, check: (one: Case) => void): void =>
  fc.assert(fc.property(arbitrary, check), { numRuns: 200 });

describe('positions', () => {
  it.each([
    ['gp', cases('gp', S)],
    ['rp', cases('rp')],
  ])('of %s are whole and stay below the native context', (_method, arbitrary) => {
    holds(arbitrary, (one) => {
      const n = one.lengths[1];
      const { positions } = only(one, n);
      if (positions === null) return;
      expect(positions).toHaveLength(n);
      for (const position of positions) {
        expect(Number.isInteger(position) && position >= 0 && position < one.facts.nativeContext).toBe(true);
      }
    });
  });

  it('of pi stay below the native context, and within the rows of a matrix', () => {
    holds(cases('pi', S), (one) => {
      const n = one.lengths[1];
      const { positions, ropeScale } = only(one, n);
      const last = positions === null ? (n - 1) * ropeScale : positions.at(-1)!;
      expect(last).toBeLessThan(one.facts.nativeContext);
      if (positions !== null) expect(last).toBeLessThanOrEqual(one.facts.positionRows - 1);
    });
  });

  it.each([
    ['gp', cases('gp', S)],
    ['pi', cases('pi', S)],
  ])('of %s never go back', (_method, arbitrary) => {
    holds(arbitrary, (one) => {
      const { positions } = only(one, one.lengths[1]);
      positions?.forEach((position, i) => expect(position).toBeGreaterThanOrEqual(positions[i - 1] ?? 0));
    });
  });
});

describe('inputs within the native context', () => {
  it.each([
    ['none', cases('none')],
    ['pcw', cases('pcw')],
    ['gp', cases('gp', S)],
    ['rp', cases('rp')],
    ['pi', cases('pi', S)],
    ['se', cases('se', GW)],
  ])('are unchanged by %s', (_method, arbitrary) => {
    holds(arbitrary, (one) => {
      const n = Math.min(one.lengths[0], one.facts.nativeContext);
      expect(only(one, n)).toEqual({
        from: 0,
        to: n - 2,
        positions: null,
        logitScale: null,
        selfExtend: null,
        ropeBase: 0,
        ropeFactors: null,
        ropeScale: 1,
      });
    });
  });
});

describe('a token’s place does not depend on the tokens after it', () => {
  // pcw has windows of its own, gp without s and scaling by length go by the length: they promise nothing of the kind.
  it.each([
    ['none', cases('none')],
    ['gp', cases('gp', { s: fc.constant(200) })],
    ['rp', cases('rp')],
    ['pi', cases('pi', S)],
    ['ntk', cases('ntk', { lambda: fc.double({ min: 1, max: 1e6, noNaN: true }) })],
    ['se', cases('se', GW)],
  ])('in %s', (_method, arbitrary) => {
    holds(arbitrary, (one) => {
      const { facts, resolved, lengths } = one;
      if (resolved.attentionScale === 'length' || lengths[0] <= facts.nativeContext) return;
      if (resolved.method === 'gp' && resolved.parameters['s'] === undefined) return;
      const [short, long] = lengths.map((n) => only(one, n));
      const { from, to, positions, logitScale, ...shared } = long!;
      expect(short).toEqual({
        ...shared,
        from,
        to: to - (lengths[1] - lengths[0]),
        positions: positions?.slice(0, lengths[0]) ?? null,
        logitScale: logitScale?.slice(0, lengths[0]) ?? null,
      });
    });
  });
});

describe('attention scaling', () => {
  it('is 1 up to the native context and never falls', () => {
    holds(cases('se', GW), (one) => {
      const n = one.lengths[1];
      const { logitScale } = only(one, n);
      const applies = n > one.facts.nativeContext && one.resolved.attentionScale !== 'off';
      expect(logitScale?.length ?? null).toBe(applies ? n : null);
      logitScale?.forEach((factor, i) => {
        expect(factor).toBeGreaterThanOrEqual(logitScale[i - 1] ?? 1);
        if (one.resolved.attentionScale === 'position' && i < one.facts.nativeContext) expect(factor).toBe(1);
      });
    });
  });
});

describe('relative positions of self-extend', () => {
  const views = fc.record({
    query: fc.nat({ max: 2000 }),
    key: fc.nat({ max: 2000 }),
    g: whole,
    w: fc.integer({ min: 1, max: 700 }),
  });
  const check = (property: (query: number, key: number, g: number, w: number) => void): void =>
    fc.assert(
      fc.property(views, ({ query, key, g, w }) => property(query, key, g, w)),
      { numRuns: 1000 },
    );

  it('are exact within the window, and at least its width beyond', () => {
    check((query, key, g, w) => {
      const relative = relativePosition(query, key, g, w);
      if (Math.abs(query - key) < w) expect(relative).toBe(query - key);
      else expect(Math.abs(relative)).toBeGreaterThanOrEqual(w);
    });
  });

  it('are the same both ways', () => {
    check((query, key, g, w) => {
      expect(relativePosition(query, key, g, w) + relativePosition(key, query, g, w)).toBe(0);
    });
  });

  it('never fall with the distance', () => {
    check((query, key, g, w) => {
      const farther = key < query ? Math.max(0, key - 1) : key + 1;
      expect(Math.abs(relativePosition(query, farther, g, w))).toBeGreaterThanOrEqual(
        Math.abs(relativePosition(query, key, g, w)),
      );
    });
  });

  it('never exceed largestRelativePosition', () => {
    check((query, key, g, w) => {
      const n = Math.max(query, key) + 1;
      expect(Math.abs(relativePosition(query, key, g, w))).toBeLessThanOrEqual(
        largestRelativePosition(n, g, w),
      );
    });
  });

  it('with the default group and window stay within the native context: no warning', () => {
    holds(cases('se'), ({ resolved, facts: { nativeContext } }) => {
      const { g, w } = resolved.parameters;
      expect(largestRelativePosition(resolved.limit, g!, w!)).toBeLessThanOrEqual(nativeContext);
      expect(resolved.warnings).toEqual([]);
    });
  });

  it('that leave it cause a warning, with a group that fits', () => {
    holds(cases('se', GW), ({ resolved, facts }) => {
      const { limit, warnings } = resolved;
      const { g, w } = resolved.parameters;
      expect(warnings.length).toBe(largestRelativePosition(limit, g!, w!) > facts.nativeContext ? 1 : 0);
      const fits = /g=(\d+) would fit/.exec(warnings[0] ?? '')?.[1];
      if (fits === undefined) return;
      expect(largestRelativePosition(limit, Number(fits), w!)).toBeLessThanOrEqual(facts.nativeContext);
    });
  });
});

it('the exact spec of a resolved strategy is complete', () => {
  const any = fc.oneof(
    cases('none'),
    cases('pcw'),
    cases('gp', S),
    cases('rp'),
    cases('pi', S),
    cases('ntk', { lambda: fc.double({ min: 1, max: 1e6, noNaN: true }) }),
    cases('se', GW),
  );
  holds(any, ({ resolved, facts }) => {
    expect(resolveExtend(resolved.spec, facts)).toEqual(resolved);
  });
});
