/** Strategies that make no sense, through the public calls: as a spec string and as an object, each a sentence about the key. */
import { describe, expect, it, vi } from 'vitest';
import type { Extend } from '../../lib/index.js';
import { collect, FakeNative, ROPE_FACTS } from './fake-native.js';

/** Native context 16. */
const open = () => new FakeNative(ROPE_FACTS).open();

/** What `embed` rejects with and `embedMany` throws at once: the same. */
async function failure(extend: string | Extend): Promise<string> {
  const model = await open();
  const fromEmbed = await model.embed('10', { extend }).then(() => 'no error', describeError);
  let fromEmbedMany = 'no error';
  try {
    model.embedMany(['10'], { extend });
  } catch (error) {
    fromEmbedMany = describeError(error);
  }
  expect(fromEmbedMany).toBe(fromEmbed);
  return fromEmbed;
}

const describeError = (error: unknown): string => {
  const { code, message } = error as { code: string; message: string };
  return `${code} ${message}`;
};

const TARGET = 'it must be a whole number from 1 to 16777216.';
const WHOLE = TARGET;

describe('values out of range name the key and the range', () => {
  it.each<[string, object, string]>([
    ['pcw:0', { method: 'pcw', target: 0 }, `target is 0: ${TARGET}`],
    ['pcw:-16', { method: 'pcw', target: -16 }, `target is -16: ${TARGET}`],
    ['pcw:NaN', { method: 'pcw', target: NaN }, `target is NaN: ${TARGET}`],
    ['pcw:Infinity', { method: 'pcw', target: Infinity }, `target is Infinity: ${TARGET}`],
    ['pcw:32.5', { method: 'pcw', target: 32.5 }, `target is 32.5: ${TARGET}`],
    ['pcw:16777217', { method: 'pcw', target: 16777217 }, `target is 16777217: ${TARGET}`],
    ['gp:64,s=0', { method: 'gp', target: 64, s: 0 }, `s is 0: ${WHOLE}`],
    ['gp:64,s=4.5', { method: 'gp', target: 64, s: 4.5 }, `s is 4.5: ${WHOLE}`],
    [
      'pi:64,s=0.5',
      { method: 'pi', target: 64, s: 0.5 },
      's is 0.5: it must be a number from 1 to 16777216.',
    ],
    ['pi:64,s=-1', { method: 'pi', target: 64, s: -1 }, 's is -1: it must be a number from 1 to 16777216.'],
    [
      'pi:64,s=NaN',
      { method: 'pi', target: 64, s: NaN },
      's is NaN: it must be a number from 1 to 16777216.',
    ],
    [
      'ntk:64,lambda=0.99',
      { method: 'ntk', target: 64, lambda: 0.99 },
      'lambda is 0.99: it must be a number from 1 to 1000000.',
    ],
    [
      'ntk:64,lambda=-2',
      { method: 'ntk', target: 64, lambda: -2 },
      'lambda is -2: it must be a number from 1 to 1000000.',
    ],
    ['se:64,g=0', { method: 'se', target: 64, g: 0 }, `g is 0: ${WHOLE}`],
    ['se:64,g=-3', { method: 'se', target: 64, g: -3 }, `g is -3: ${WHOLE}`],
    ['se:64,w=0', { method: 'se', target: 64, w: 0 }, `w is 0: ${WHOLE}`],
    ['se:64,w=0.5', { method: 'se', target: 64, w: 0.5 }, `w is 0.5: ${WHOLE}`],
    [
      'se:64,attention-scale=on',
      { method: 'se', target: 64, attentionScale: 'on' },
      'attention-scale is "on": it must be one of length, position, off.',
    ],
  ])('%s', async (spec, object, message) => {
    // A string is shown as it was written, in quotes; a key of an object by its own name.
    const [key = '', value = ''] = /^(\S+) is (\S+):/.exec(message)!.slice(1);
    const quoted = value.startsWith('"') ? message : message.replace(`is ${value}:`, `is "${value}":`);
    expect(await failure(spec)).toBe(`ERR_INVALID_OPTION ${quoted}`);
    expect(await failure(object as Extend)).toBe(
      `ERR_INVALID_OPTION ${key === 'attention-scale' ? message.replace(key, 'attentionScale') : message}`,
    );
  });

  it.each<[string, object, string]>([
    [
      'pcw:15',
      { method: 'pcw', target: 15 },
      'target is 15: it must be a whole number from 16, the native context, to 16777216. ' +
        'To embed less of each text, set maxTokens (--max-tokens) and truncate.',
    ],
    [
      'gp:64,s=3',
      { method: 'gp', target: 64, s: 3 },
      's is 3: with a native context of 16 that reaches 48 tokens, not the target of 64. ' +
        'Give s of at least 4, or a lower target.',
    ],
    ['se:64,group=3', { method: 'se', target: 64, group: 3 }, 'Unknown key "group" for se: it takes'],
    ['pcw:64,s=4', { method: 'pcw', target: 64, s: 4 }, 'Unknown key "s" for pcw: it takes'],
    ['ntk:64,scale=4', { method: 'ntk', target: 64, scale: 4 }, 'Unknown key "scale" for ntk: it takes'],
    [
      'pose:64',
      { method: 'pose', target: 64 },
      'Unknown strategy "pose": use one of none (no extension), pcw',
    ],
  ])('%s', async (spec, object, message) => {
    expect(await failure(spec)).toContain(`ERR_INVALID_OPTION ${message}`);
    expect(await failure(object as Extend)).toContain(`ERR_INVALID_OPTION ${message}`);
  });

  it.each<[unknown, string]>([
    [{ method: 'se', target: '64' }, 'target is "64"'],
    [{ method: 'se', target: 64n }, 'target is 64'],
    [{ method: 'se', target: null }, 'target is null'],
    [{ method: 'se', g: true }, 'g is true'],
    [{ method: 'se', g: [3] }, 'g is an array of 1'],
    [{ method: 'ntk', lambda: { valueOf: () => 3 } }, 'lambda is an object'],
    [
      { method: 'ntk', 'attention-scale': 'off' },
      'Unknown key "attention-scale" for ntk: it takes target, lambda, attentionScale',
    ],
    [{ target: 64 }, 'Unknown strategy undefined'],
    [[], 'Unknown strategy undefined'],
  ])('types that TypeScript would refuse: %o', async (extend, message) => {
    expect(await failure(extend as Extend)).toContain(`ERR_INVALID_OPTION ${message}`);
  });
});

describe('warnings', () => {
  // ⌊63 / 3⌋ + 4 − 1 = 24; ⌊63 / 5⌋ + 4 − 0 = 16
  const spec = 'se:64,g=3,w=4';
  const message =
    'Self-extend with g=3,w=4 reaches relative position 24 at 64 tokens, past the native context of 16: g=5 would fit.';

  it('come once for each strategy, to the option onWarning', async () => {
    const warnings: string[] = [];
    const model = await new FakeNative(ROPE_FACTS).open({ onWarning: (text) => warnings.push(text) });
    await model.embed('10', { extend: spec });
    await model.embed('10', { extend: { method: 'se', target: 64, g: 3, w: 4 } });
    await collect(model.embedMany(['10', '20'], { extend: spec }));
    expect(warnings).toEqual([message]);
    await model.embed('10', { extend: 'se:64,g=2,w=4' });
    expect(warnings).toHaveLength(2);
    await model.embed('10', { extend: 'se:64' });
    expect(warnings).toHaveLength(2);
  });

  it('are Node’s without it', async () => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      const model = await open();
      await model.embed('10', { extend: spec });
      await model.embed('10', { extend: spec });
      expect(emit.mock.calls).toEqual([[message, { type: 'LongEmbedWarning', code: 'LONGEMBED_EXTEND' }]]);
    } finally {
      emit.mockRestore();
    }
  });

  it('that throw end the call', async () => {
    const onWarning = (text: string) => {
      throw new RangeError(text);
    };
    const model = await new FakeNative(ROPE_FACTS).open({ onWarning });
    await expect(model.embed('10', { extend: spec })).rejects.toThrow(RangeError);
  });
});
