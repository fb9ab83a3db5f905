import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Extend, formatExtend, parseExtend } from '../../lib/extend/index.js';
import { thrown } from './facts.js';

describe('parseExtend', () => {
  it.each<[string, Extend]>([
    ['none', { method: 'none' }],
    ['none:4k', { method: 'none', target: 4096 }],
    ['pcw:4k', { method: 'pcw', target: 4096 }],
    ['none:1M', { method: 'none', target: 1048576 }],
    ['gp:4000', { method: 'gp', target: 4000 }],
    ['gp:4k,s=8', { method: 'gp', target: 4096, s: 8 }],
    ['rp:4K', { method: 'rp', target: 4096 }],
    ['pi:4k,s=8', { method: 'pi', target: 4096, s: 8 }],
    ['pi:3000,s=5.859375', { method: 'pi', target: 3000, s: 5.859375 }],
    ['ntk:32k,lambda=10', { method: 'ntk', target: 32768, lambda: 10 }],
    ['ntk,lambda=2.5', { method: 'ntk', lambda: 2.5 }],
    [
      'se:4k,g=9,w=64,attention-scale=off',
      { method: 'se', target: 4096, g: 9, w: 64, attentionScale: 'off' },
    ],
    ['pcw:4k,overlap=0', { method: 'pcw', target: 4096, overlap: 0 }],
    [
      'pcw:1m,overlap=1k,weights=tokens,pool=mean',
      { method: 'pcw', target: 1048576, overlap: 1024, weights: 'tokens', pool: 'mean' },
    ],
    ['se,attention-scale=length,w=1k', { method: 'se', w: 1024, attentionScale: 'length' }],
  ])('reads %s', (spec, extend) => {
    expect(parseExtend(spec)).toEqual(extend);
  });

  it.each<[string, RegExp]>([
    ['', /Unknown strategy "".*none \(no extension\), pcw/],
    ['self-extend:4k', /Unknown strategy "self-extend".*se \(self-extend\)/],
    ['toString', /Unknown strategy "toString"/],
    ['PCW', /Unknown strategy "PCW"/],
    ['pcw:', /target is "".*whole number from 1 to 16777216/],
    ['pcw:0', /target is "0".*whole number from 1/],
    ['pcw:-4k', /target is "-4k".*whole number from 1/],
    ['pcw:-4096', /target is "-4096".*whole number from 1/],
    ['pcw:4.5', /target is "4\.5"/],
    ['pcw:4g', /target is "4g".*such as 512, 4k \(4096\) or 1m \(1048576\)/],
    ['pcw:4kk', /target is "4kk".*such as 512, 4k/],
    ['pcw:17m', /target is "17m".*to 16777216/],
    ['pcw: 4k', /target is " 4k"/],
    ['pcw:NaN', /target is "NaN"/],
    ['pcw:Infinity', /target is "Infinity"/],
    ['pcw:0x10', /target is "0x10"/],
    ['pcw:99999999999999999999k', /target is "9+k".*to 16777216/],
    ['pcw:4k:8', /more than one colon/],
    ['se:4k,g', /"g" is not key=value: se takes g, w, attention-scale/],
    ['se:4k,', /"" is not key=value/],
    ['se:4k,g=', /g is "".*whole number/],
    ['se:4k,g=0', /g is "0".*whole number from 1/],
    ['se:4k,w=0', /w is "0".*whole number from 1/],
    ['se:4k,w=-1', /w is "-1"/],
    ['se:4k,g=1.5', /g is "1\.5".*whole number/],
    ['se:4k,g=9,g=8', /gives g twice/],
    ['se:4k,attention-scale=off,attention-scale=off', /gives attention-scale twice/],
    ['se:4k,group=9', /Unknown key "group" for se: it takes g, w, attention-scale/],
    ['se:4k, g=9', /Unknown key " g"/],
    ['se:4k,lambda=9', /Unknown key "lambda" for se/],
    ['pcw:4k,s=2', /Unknown key "s" for pcw: it takes overlap, weights, pool, attention-scale/],
    ['pcw:4k,toString=2', /Unknown key "toString"/],
    ['pcw:4k,target=2', /Unknown key "target"/],
    ['pcw:4k,method=2', /Unknown key "method"/],
    ['ntk:4k,lambda=0.5', /lambda is "0\.5".*number from 1/],
    ['ntk:4k,lambda=1e99', /lambda is "1e99"/],
    ['pi:4k,s=0.5', /s is "0\.5".*number from 1/],
    ['gp:4k,s=2.5', /s is "2\.5".*whole number/],
    ['pcw,overlap=-1', /overlap is "-1".*whole number from 0/],
    ['pcw,weights=Tokens', /weights is "Tokens".*one of windows, tokens/],
    ['pcw,pool=min', /pool is "min".*one of mean, max/],
    ['pcw,pool=', /pool is "".*one of mean, max/],
    ['gp:4k,attention-scale=on', /attention-scale is "on".*length, position, off/],
  ])('refuses %j', (spec, message) => {
    const error = thrown(() => parseExtend(spec));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(message);
  });

  it.each([undefined, null, 4096, { method: 'pcw' }])('refuses %o, which is no string', (spec) => {
    const { code, message } = thrown(() => parseExtend(spec as unknown as string));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toMatch(/^The spec is .*: it must be a string such as "pcw:4k"/);
  });
});

describe('formatExtend', () => {
  it('writes sizes in k where they divide, and keys in one order', () => {
    expect(formatExtend(parseExtend('se:4096,attention-scale=off,w=64,g=9'))).toBe(
      'se:4k,g=9,w=64,attention-scale=off',
    );
    expect(formatExtend({ method: 'pcw', target: 4000 })).toBe('pcw:4000');
    expect(formatExtend({ method: 'pcw', target: undefined })).toBe('pcw');
  });

  it.each([
    { method: 'gp', lambda: 2 },
    { method: 'gp', s: 0 },
    { method: 'gp', s: '2' },
    { method: 'gp', target: Number.NaN },
    { method: 'pcw', weights: 1 },
    { method: 'pcw', overlap: '5' },
    { method: 'gp', attentionScale: 'on' },
    { method: 'grouped' },
    null,
    5,
  ])('refuses %j', (extend) => {
    expect(thrown(() => formatExtend(extend as unknown as Extend)).code).toBe('ERR_INVALID_OPTION');
  });

  it('is the inverse of parseExtend', () => {
    fc.assert(
      fc.property(anyExtend(), (extend) => {
        const spec = formatExtend(extend);
        expect(parseExtend(spec)).toEqual(extend);
        expect(formatExtend(parseExtend(spec))).toBe(spec);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Any valid strategy, keys left out or given. */
function anyExtend(): fc.Arbitrary<Extend> {
  const whole = fc.integer({ min: 1, max: 2 ** 24 });
  const number = (max: number) => fc.double({ min: 1, max, noNaN: true });
  const own: Record<Extend['method'], Record<string, fc.Arbitrary<unknown>>> = {
    none: {},
    pcw: {
      overlap: fc.integer({ min: 0, max: 2 ** 24 }),
      weights: fc.constantFrom('windows', 'tokens'),
      pool: fc.constantFrom('mean', 'max'),
    },
    gp: { s: whole },
    rp: {},
    pi: { s: number(2 ** 24) },
    ntk: { lambda: number(1e6) },
    se: { g: whole, w: whole },
    dntk: {},
    yarn: {},
  };
  return fc
    .constantFrom(...(Object.keys(own) as Extend['method'][]))
    .chain((method) =>
      fc.record(
        {
          method: fc.constant(method),
          target: whole,
          attentionScale: fc.constantFrom('length', 'position', 'off'),
          ...own[method],
        },
        { requiredKeys: ['method'] },
      ),
    )
    .map((extend) => extend as Extend);
}
