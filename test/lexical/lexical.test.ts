import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Bm25Index, fuseRankings } from '../../lib/lexical/index.js';
import { stem } from '../../lib/lexical/porter2.js';
import { wordsOf } from '../../lib/lexical/words.js';

/** Made by test/oracle/make_lexical_fixture.py. */
interface Fixture {
  readonly texts: readonly string[];
  readonly queries: readonly { readonly query: string; readonly scores: readonly number[] }[];
  readonly stems: Readonly<Record<string, string>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/lexical.json', import.meta.url), 'utf8'),
) as Fixture;

function indexOf(texts: readonly string[]): Bm25Index {
  const index = new Bm25Index();
  for (const text of texts) index.add(text);
  return index;
}

function scoresOf(index: Bm25Index, query: string, count: number): number[] {
  const scores = new Array<number>(count).fill(0);
  for (const { document, score } of index.search(query)) scores[document] = score;
  return scores;
}

describe('stem', () => {
  it("gives PyStemmer's stems", () => {
    const words = Object.keys(fixture.stems);
    expect(words.length).toBeGreaterThan(400);
    expect(Object.fromEntries(words.map((word) => [word, stem(word)]))).toEqual(fixture.stems);
  });
});

describe('wordsOf', () => {
  it('splits at everything but letters, digits and underscores, and drops single letters and stop words', () => {
    expect([...wordsOf("The tenant's rent_due, x 東京 4.5 naïve")]).toEqual([
      'tenant',
      'rent_due',
      '東京',
      'naïve',
    ]);
  });
});

describe('Bm25Index', () => {
  it('gives the scores of bm25s', () => {
    const index = indexOf(fixture.texts);
    for (const { query, scores } of fixture.queries) {
      const found = scoresOf(index, query, scores.length);
      for (const [document, score] of scores.entries()) {
        expect(Math.abs((found[document] ?? 0) - score), `${query}, text ${document}`).toBeLessThan(1e-5);
      }
    }
  });

  it('scores as if removed texts had never been added', () => {
    const { texts, queries } = fixture;
    const index = indexOf([...texts, 'the rent of another tenant', 'late interest', 'late interest']);
    index.remove(texts.length, 'the rent of another tenant');
    index.remove(texts.length + 1, 'late interest');
    index.remove(texts.length + 2, 'late interest');
    index.remove(texts.length + 2, 'late interest');
    expect(index.size).toBe(texts.length);
    for (const { query } of queries) {
      const found = scoresOf(index, query, texts.length + 3);
      expect(found).toEqual([...scoresOf(indexOf(texts), query, texts.length), 0, 0, 0]);
    }
  });

  it('finds nothing in an empty index, and nothing for a query without words', () => {
    expect(new Bm25Index().search('rent')).toEqual([]);
    expect(indexOf(['rent']).search('to be or not to be')).toEqual([]);
    expect(indexOf(['']).search('rent')).toEqual([]);
  });
});

describe('fuseRankings', () => {
  it('adds 1 / (60 + rank)', () => {
    const scores = fuseRankings([
      ['a', 'b', 'c'],
      ['c', 'a'],
    ]);
    expect(scores.get('a')).toBeCloseTo(1 / 61 + 1 / 62, 12);
    expect(scores.get('b')).toBeCloseTo(1 / 62, 12);
    expect(scores.get('c')).toBeCloseTo(1 / 63 + 1 / 61, 12);
  });
});
