import { expect, it } from 'vitest';
import { type StrategyContext, supportedStrategies } from '../../lib/extend/index.js';
import { absolute, rope, without } from './facts.js';

it.each<[string, StrategyContext, string]>([
  ['RoPE', rope(), 'none pcw gp rp pi ntk se'],
  ['a position matrix', absolute(), 'none pcw gp rp pi'],
  ['ALiBi', without('alibi'), 'none pcw'],
  ['T5', without('relative'), 'none pcw'],
  ['no positions', without('none'), 'none pcw'],
  ['RoPE in llama.cpp’s context', rope({ engine: 'llama_context' }), 'none pcw pi ntk'],
  ['a position matrix in llama.cpp’s context', absolute({ engine: 'llama_context' }), 'none pcw'],
])('%s', (_name, facts, expected) => {
  const all = supportedStrategies(facts);
  expect(all.map(({ method }) => method)).toEqual([
    ...['none', 'pcw', 'gp', 'rp', 'pi', 'ntk', 'se', 'dntk', 'yarn'],
  ]);
  expect(all.flatMap(({ method, supported }) => (supported ? [method] : [])).join(' ')).toBe(expected);
  for (const { supported, reason } of all) expect(reason === null).toBe(supported);
});

const notes = (facts: StrategyContext) =>
  supportedStrategies(facts).flatMap(({ method, note }) => (note === null ? [] : [`${method}: ${note}`]));

it('notes peculiarities of a strategy on the model', () => {
  expect(notes(rope())).toEqual([]);
  expect(notes(absolute({ nativeContext: 256 }))).toEqual([
    'none: at most 512 tokens, the rows of its position matrix',
  ]);
  const unscaled = 'longer texts only with attention-scale=off';
  expect(notes(rope({ engine: 'llama_context' }))).toEqual([
    `none: ${unscaled}`,
    `pi: ${unscaled}`,
    `ntk: ${unscaled}`,
  ]);
});
