import { describe, expect, it } from 'vitest';
import { ShuffleBag } from '../../../bench/tasks/synthetic/shuffle-bag.js';
import { Random } from '../../../lib/random.js';

const times = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));

describe('Random', () => {
  it("draws what the authors' xoshiro128starstar.c draws from the state 1, 2, 3, 4", () => {
    const random = new Random([1, 2, 3, 4]);
    expect(times(10, () => random.uint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('has a separate stream for every key', () => {
    const keys = [
      [42, 'passkey', 256, 0] as const,
      [42, 'passkey', 2560],
      [42, 'passkey', 256, 1],
      [43],
      ['43'],
    ];
    const first = keys.map((key) => Random.of(...key).uint32());
    expect(new Set(first).size).toBe(keys.length);
    expect(keys.map((key) => Random.of(...key).uint32())).toEqual(first);
  });

  it('draws every number below a count equally often', () => {
    const random = Random.of('below');
    const seen = [0, 0, 0, 0, 0, 0];
    for (let draws = 0; draws < 60_000; draws++) seen[random.below(6)]! += 1;
    // five standard deviations of a count
    for (const count of seen) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(60_000 * (5 / 36)));
  });

  it('draws again above the last whole multiple of the count', () => {
    const count = 2 ** 31 + 1;
    const [plain, bounded] = [Random.of('again'), Random.of('again')];
    // only half of all numbers are below the count; the others are no second chance for the small ones
    const below = times(100, () => plain.uint32()).filter((drawn) => drawn < count);
    expect(below.length).toBeLessThan(80);
    expect(below.map(() => bounded.below(count))).toEqual(below);
  });

  it('samples without repetition, every order equally likely', () => {
    const random = Random.of('sample');
    const whole = random.sample(100, 100);
    expect([...whole].sort((a, b) => a - b)).toEqual(times(100, (index) => index));
    expect(new Set(random.sample(1_000_000, 1000)).size).toBe(1000);
    const orders = new Map<string, number>();
    for (let draws = 0; draws < 6000; draws++) {
      const order = random.sample(3, 3).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('ShuffleBag', () => {
  it('repeats nothing before half of the others were drawn, and draws everything eventually', () => {
    const bag = new ShuffleBag(['a', 'b', 'c', 'd', 'e', 'f', 'g'], Random.of('deck'));
    const drawn = times(500, () => bag.draw());
    for (let index = 0; index + 4 <= drawn.length; index++) {
      expect(new Set(drawn.slice(index, index + 4)).size).toBe(4);
    }
    expect(new Set(drawn).size).toBe(7);
  });
});
