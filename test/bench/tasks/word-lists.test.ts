import { describe, expect, it } from 'vitest';
import { facts, names } from '../../../bench/tasks/synthetic/word-lists.js';
import { people } from '../../../bench/tasks/passkey.js';
import { Random } from '../../../lib/random.js';
import { words } from './helpers.js';

describe('names', () => {
  it.each([
    ['first names', names().first, 120],
    ['last names', names().last, 150],
  ])('%s are many, different and single words', (_, names, least) => {
    expect(names.length).toBeGreaterThanOrEqual(least);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  it("have no last name that begins another, which would put one person's name into another's sentence", () => {
    for (const name of names().last) {
      expect(names().last.filter((other) => other.startsWith(name))).toEqual([name]);
    }
  });

  it('make different people, up to every pair of names', () => {
    const all = names().first.length * names().last.length;
    expect(new Set(people(all, Random.of('people'))).size).toBe(all);
  });
});

describe('facts', () => {
  it('are a hundred, each one or two sentences that fit into the shortest document', () => {
    expect(facts()).toHaveLength(100);
    for (const { text, query } of facts()) {
      expect(text).toMatch(/^[A-Z].*\.$/);
      expect(words(text).join(' ')).toBe(text);
      expect(words(text).length).toBeLessThanOrEqual(40);
      expect(query).toMatch(/^[A-Z].*\?$/);
    }
  });

  it('each have an answer that is in the fact, and not in its query or in any other fact or query', () => {
    for (const { text, query, answer } of facts()) {
      expect(
        facts()
          .filter((other) => other.text.includes(answer))
          .map((other) => other.text),
      ).toEqual([text]);
      expect(facts().filter((other) => other.query.includes(answer))).toEqual([]);
      expect(query).not.toContain(text);
    }
  });

  it('are about different things: no two share many of their rarer words', () => {
    const rare = facts().map(
      ({ text }) => new Set(words(text.toLowerCase()).filter((word) => word.length > 6)),
    );
    for (const [index, of] of rare.entries()) {
      for (const other of rare.slice(index + 1)) {
        expect([...of].filter((word) => other.has(word)).length).toBeLessThanOrEqual(2);
      }
    }
  });
});
