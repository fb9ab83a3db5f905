import { describe, expect, it } from 'vitest';
import { hide } from '../../../bench/tasks/synthetic/hide.js';
import { Random } from '../../../lib/random.js';
import { wordBudget } from '../../../bench/tasks/synthetic/hide.js';

function* counted(): Generator<string, never> {
  for (let number = 1; ; number++) yield `this is ${number}.`;
}

describe('hide', () => {
  it('puts the needle before, between or after the sentences, equally often', () => {
    const random = Random.of('hide');
    const places = new Map<number, number>();
    for (let draws = 0; draws < 5000; draws++) {
      const { text, depth } = hide('the needle.', counted(), 14, random);
      const sentences = text.split(/(?<=\.) /);
      expect(sentences.filter((sentence) => sentence !== 'the needle.')).toEqual([
        'this is 1.',
        'this is 2.',
        'this is 3.',
        'this is 4.',
      ]);
      const place = sentences.indexOf('the needle.');
      expect(depth).toBe(place / 4);
      places.set(place, (places.get(place) ?? 0) + 1);
    }
    expect([...places.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
    for (const count of places.values()) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });

  it.each([
    [14, 14],
    [15, 14],
    [16, 14],
    [17, 17],
    [4, 2],
  ])('fills a budget of %i words with %i', (budget, words) => {
    const { text } = hide('the needle.', counted(), budget, Random.of(budget));
    expect(text.split(' ')).toHaveLength(words);
  });
});

describe('wordBudget', () => {
  it('is three quarters of the tokens, rounded down', () => {
    expect([256, 257, 1000, 32_768].map(wordBudget)).toEqual([192, 192, 750, 24_576]);
  });
});
