import { describe, expect, it } from 'vitest';
import { type Extend, resolveExtend } from '../../lib/extend/index.js';
import { absolute, rope, thrown, without } from './facts.js';

const refusal = (...given: Parameters<typeof resolveExtend>) => thrown(() => resolveExtend(...given));

describe('defaults', () => {
  // Table 6 of the paper: native context, target, s, NTK's λ, self-extend's group and window.
  it.each([
    [512, 1024, 2, 3, 3, 256],
    [512, 2048, 4, 5, 5, 128],
    [512, 4096, 8, 10, 9, 64],
    [4096, 8192, 2, 3, 3, 2048],
    [4096, 16384, 4, 5, 5, 1024],
    [4096, 32768, 8, 10, 9, 512],
  ])('are the paper’s at %i → %i', (nativeContext, target, scale, lambda, g, w) => {
    const facts = rope({ nativeContext });
    expect(resolveExtend({ method: 'ntk', target }, facts)).toMatchObject({
      scale,
      parameters: { lambda },
      limit: target,
    });
    expect(resolveExtend({ method: 'se', target }, facts)).toMatchObject({
      scale,
      parameters: { g, w },
      warnings: [],
    });
    expect(resolveExtend({ method: 'pi', target }, facts)).toMatchObject({ scale, parameters: { s: scale } });
    expect(resolveExtend({ method: 'gp', target }, facts)).toMatchObject({ scale, parameters: {} });
    expect(resolveExtend({ method: 'gp', target }, facts).parameters).toEqual({});
  });

  it('extends to 8 × Lo without a target, none to Lo', () => {
    for (const method of ['pcw', 'gp', 'rp', 'pi', 'ntk', 'se'] as const) {
      expect(resolveExtend(method, rope())).toMatchObject({
        method,
        target: 4096,
        limit: 4096,
        spec: `${method}:4k`,
      });
    }
    expect(resolveExtend('none', rope())).toMatchObject({ target: 512, limit: 512, scale: 1, spec: 'none' });
  });

  it('keeps s fractional in pi and rounds the scale up', () => {
    expect(resolveExtend('pi:3000', rope())).toMatchObject({ parameters: { s: 3000 / 512 }, scale: 6 });
    expect(resolveExtend('ntk:3000', rope())).toMatchObject({ parameters: { lambda: 7.5 } });
    expect(resolveExtend('se:3000', rope())).toMatchObject({ parameters: { g: 7, w: 85 } });
  });

  it('keeps the window at 1 or more', () => {
    expect(resolveExtend('se:4k', rope({ nativeContext: 8 }))).toMatchObject({ parameters: { w: 1 } });
  });

  it('scales attention by length; causal self-extend by position', () => {
    expect(resolveExtend('se', rope()).attentionScale).toBe('length');
    expect(resolveExtend('se', rope({ causal: true })).attentionScale).toBe('position');
    expect(resolveExtend('ntk', rope({ causal: true })).attentionScale).toBe('length');
    expect(resolveExtend('se,attention-scale=off', rope({ causal: true })).attentionScale).toBe('off');
  });

  it('treats an object like a string', () => {
    const extend: Extend = { method: 'se', target: 4096, g: 9, w: 64, attentionScale: 'off' };
    expect(resolveExtend(extend, rope())).toEqual(
      resolveExtend('se:4k,g=9,w=64,attention-scale=off', rope()),
    );
  });
});

describe('limits', () => {
  it('lets none run past the native context, on a position matrix to its last row', () => {
    expect(resolveExtend('none:4k', rope()).limit).toBe(4096);
    expect(resolveExtend('none:4k', without('alibi')).limit).toBe(4096);
    expect(resolveExtend('none:512', absolute({ nativeContext: 256 })).limit).toBe(512);
    const { code, message } = refusal('none:513', absolute({ nativeContext: 256 }));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toMatch(/^target is 513.*from 256 to 512/);
  });

  it.each(['none:256', 'pcw:511', 'se:1'])('refuses %s, a target below the native context', (spec) => {
    const { code, message } = refusal(spec, rope());
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toMatch(
      /^target is \d+: it must be a whole number from 512, the native context, to 16777216\./,
    );
  });

  it.each(['gp:4k,s=7', 'pi:4k,s=7.9'])('refuses %s, which does not reach its target', (spec) => {
    const { code, message } = refusal(spec, absolute());
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(message).toMatch(/s of at least 8/);
  });

  it('lowers the default target to what a fixed s reaches', () => {
    expect(resolveExtend('gp,s=4', absolute())).toMatchObject({
      target: 2048,
      limit: 2048,
      spec: 'gp:2k,s=4',
    });
    expect(resolveExtend('gp,s=16', absolute())).toMatchObject({ target: 4096 });
    expect(resolveExtend('pi,s=2.5', absolute())).toMatchObject({ target: 1280 });
  });

  it.each([
    [rope({ nativeContext: 1 }), /from 2 to/],
    [rope({ nativeContext: 512.5 }), /512\.5/],
    [absolute({ nativeContext: 1024 }), /1024.*from 2 to 512, the rows/],
  ])('refuses a native context that means nothing %#', (facts, message) => {
    const error = refusal('none', facts);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(message);
  });
});

describe('warnings', () => {
  it('names the largest relative position and a group that fits', () => {
    // ⌊4095 / 4⌋ + 64 − 16 = 1071; ⌊4095 / 9⌋ + 64 − 7 = 512
    expect(resolveExtend('se:4k,g=4,w=64', rope()).warnings).toEqual([
      'Self-extend with g=4,w=64 reaches relative position 1071 at 4096 tokens, past the native context of 512: g=9 would fit.',
    ]);
    expect(resolveExtend('se:4k,g=9,w=64', rope()).warnings).toEqual([]);
  });

  it('says so when no group fits', () => {
    expect(resolveExtend('se:4k,w=600', rope()).warnings[0]).toMatch(
      /no group fits with w=600; give w of at most 512\.$/,
    );
    expect(resolveExtend('se:4k,w=5000', rope()).warnings[0]).toMatch(/relative position 4095 /);
  });
});

describe('models that do not support a strategy', () => {
  it.each([
    ['ntk:4k', absolute(), /needs rotary positions.*absolute position matrix.*none, pcw, gp, rp, pi\.$/],
    ['se:4k', absolute(), /needs rotary positions/],
    ['pi:4k', without('alibi'), /changes the positions.*ALiBi.*It supports none, pcw\.$/],
    ['gp:4k', without('relative'), /T5/],
    ['rp:4k', without('none'), /no position encoding/],
    ['ntk:4k', rope({ ropeBase: 0 }), /this file has none/],
    ['gp:4k', rope({ engine: 'llama_context' }), /llama\.cpp.*It supports none, pcw, pi, ntk, dntk\.$/],
    ['rp:4k', rope({ engine: 'llama_context' }), /llama\.cpp/],
    ['se:4k', rope({ engine: 'llama_context' }), /llama\.cpp/],
    ['pi:4k', absolute({ engine: 'llama_context' }), /between the rows.*It supports none, pcw\.$/],
  ] as const)('%s %#', (spec, facts, message) => {
    const error = refusal(spec, facts);
    expect(error.code).toBe('ERR_STRATEGY_UNSUPPORTED');
    expect(error.message).toMatch(message);
  });

  it.each(['none:4k', 'pi:4k', 'ntk:4k,attention-scale=position'])(
    'never leaves out attention scaling silently in llama.cpp’s context: %s',
    (spec) => {
      const facts = rope({ engine: 'llama_context' });
      const error = refusal(spec, facts);
      expect(error.code).toBe('ERR_STRATEGY_UNSUPPORTED');
      const advice = `${spec.split(',')[0] ?? ''},attention-scale=off`;
      expect(error.message).toContain(advice);
      expect(resolveExtend(advice, facts).attentionScale).toBe('off');
    },
  );

  it('supports pcw and none there', () => {
    expect(resolveExtend('pcw:4k', rope({ engine: 'llama_context' })).limit).toBe(4096);
    expect(resolveExtend('none', rope({ engine: 'llama_context' })).limit).toBe(512);
    expect(resolveExtend('ntk:512', rope({ engine: 'llama_context' })).limit).toBe(512);
  });
});
