/** What the shipped models were trained on knows none of the names and facts that the benchmark asks for. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { facts, names } from '../../bench/tasks/synthetic/word-lists.js';

const list = (name: string): string =>
  readFileSync(new URL(`../../models/train/data/lists/${name}.txt`, import.meta.url), 'utf8');
const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];

describe('the training lists and the benchmark', () => {
  const people = new Set(words([...names().first, ...names().last].join(' ')));

  it.each(['first-names', 'last-names', 'places'])('share no name in %s', (name) => {
    const trained = words(list(name));
    expect(trained.length).toBeGreaterThan(1000);
    expect(trained.filter((word) => people.has(word))).toEqual([]);
  });

  it('share no invented name of a fact', () => {
    const inFacts = new Set(facts().flatMap(({ text, query }) => words(`${text} ${query}`)));
    const invented = ['first-names', 'last-names', 'places'].flatMap((name) => words(list(name)));
    expect(invented.filter((word) => inFacts.has(word))).toEqual([]);
  });

  it('share no fact', () => {
    // a pattern says a fact when what stands between its slots says most of it
    const patterns = list('facts')
      .split('\n')
      .filter((line) => /^[SQ]: /.test(line))
      .map((line) => new Set(words(line.slice(3).replace(/\{[^}]*\}/g, ' '))));
    expect(patterns.length).toBeGreaterThan(100);
    for (const { text, query } of facts()) {
      for (const sentence of [text, query]) {
        const said = words(sentence);
        const most = Math.max(...patterns.map((pattern) => said.filter((word) => pattern.has(word)).length));
        expect(most / said.length, sentence).toBeLessThan(0.75);
      }
    }
  });
});
