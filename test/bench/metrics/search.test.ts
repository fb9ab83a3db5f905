/** The search against plain float64 arithmetic. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ranked, type Ranking } from '../../../bench/metrics/ranking.js';
import { search } from '../../../bench/metrics/search.js';
import { LongEmbedError } from '../../../lib/index.js';
import { rejection } from './refusal.js';

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA === 0 || squaresB === 0 ? 0 : product / Math.sqrt(squaresA * squaresB);
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Vectors whose numbers are drawn with a seed. */
function vectors(count: number, dimensions: number, seed: number): Float32Array[] {
  return Array.from({ length: count }, (_, row) =>
    Float32Array.from({ length: dimensions }, (_, i) =>
      Math.sin((seed + 1) * 1e4 + row * 78.233 + i * i * 12.9898),
    ),
  );
}

/** Ids with scores, in the order in which they come. */
const rows = (ranking: Ranking | undefined): [string, number][] =>
  (ranking ?? []).map(({ id, score }) => [id, score]);

describe('finds', () => {
  it('every document of every query by its cosine, best first', async () => {
    const queries = vectors(31, 67, 1);
    const documents = vectors(53, 67, 2);
    const ids = { queries: names('q', 31), documents: names('d', 53) };
    const found = await search(queries, documents, ids);
    expect([...found.keys()]).toEqual(ids.queries);
    for (const [index, query] of queries.entries()) {
      const ranking = found.get(`q${index}`)!;
      expect(ranking.map(({ id }) => id).sort()).toEqual([...ids.documents].sort());
      for (const [rank, { id, score }] of ranking.entries()) {
        expect(Math.abs(score - cosine(query, documents[Number(id.slice(1))]!))).toBeLessThan(1e-6);
        expect(Math.fround(score)).toBe(score);
        expect(score).toBeLessThanOrEqual(ranking[rank - 1]?.score ?? Infinity);
      }
    }
  });

  it('documents with equal vectors in trec_eval’s order, also when the cut is among them', async () => {
    const [one, other] = vectors(2, 100, 3) as [Float32Array, Float32Array];
    const ids = { queries: ['q'], documents: ['a', 'b', '😀', '～', 'b2', 'B', 'x'] };
    const documents = [one, one, one, one, one, one, other];
    const tied = ['😀', '～', 'b2', 'b', 'a', 'B'];
    const all = await search([one], documents, ids);
    expect(all.get('q')!.map(({ id }) => id)).toEqual([...tied, 'x']);
    for (const top of [1, 3, 6]) {
      const found = await search([one], documents, ids, { top });
      expect(found.get('q')!.map(({ id }) => id)).toEqual(tied.slice(0, top));
    }
  });

  it('the same for vectors of any length', async () => {
    const queries = vectors(5, 40, 4);
    const documents = vectors(9, 40, 5);
    const ids = { queries: names('q', 5), documents: names('d', 9) };
    const plain = await search(queries, documents, ids);
    // powers of two scale without rounding
    for (const scale of [2 ** -100, 2 ** 100]) {
      const scaled = (some: Float32Array[]): Float32Array[] => some.map((v) => v.map((x) => x * scale));
      expect(await search(scaled(queries), documents, ids)).toEqual(plain);
      expect(await search(queries, scaled(documents), ids)).toEqual(plain);
    }
  });

  it('the same for a query alone as among others, in blocks', async () => {
    // 2 ** 20 numbers are one block: 1,300 queries of 1,024 dimensions are two
    const queries = vectors(1300, 1024, 6);
    const documents = vectors(29, 1024, 7);
    const ids = { queries: names('q', 1300), documents: names('d', 29) };
    const found = await search(queries, documents, ids);
    expect(found.size).toBe(1300);
    for (const index of [0, 1023, 1024, 1299]) {
      const alone = await search([queries[index]!], documents, { ...ids, queries: ['alone'] });
      expect(found.get(`q${index}`)).toEqual(alone.get('alone'));
    }
  });

  it('the same for any order of the documents', async () => {
    const queries = vectors(4, 50, 8);
    const documents = [...vectors(20, 50, 9), ...vectors(20, 50, 9)];
    const ids = names('d', 40);
    const forwards = await search(queries, documents, { queries: names('q', 4), documents: ids });
    const backwards = await search(queries, documents.toReversed(), {
      queries: names('q', 4),
      documents: ids.toReversed(),
    });
    expect(backwards).toEqual(forwards);
  });

  it('cosine 0 for vectors of zeros', async () => {
    const zero = new Float32Array(3);
    const ids = { queries: ['zero', 'one'], documents: ['a', 'b', 'c'] };
    const [x, minus] = [Float32Array.of(1, 0, 0), Float32Array.of(-1, 0, 0)];
    const found = await search([zero, x], [x, zero, minus], ids);
    expect(rows(found.get('zero'))).toEqual([
      ['c', 0],
      ['b', 0],
      ['a', 0],
    ]);
    expect(rows(found.get('one'))).toEqual([
      ['a', 1],
      ['b', 0],
      ['c', -1],
    ]);
  });

  it('cosines of the smallest and largest numbers', async () => {
    const [small, large] = [Float32Array.of(1e-45, 1e-45), Float32Array.of(3e38, 3e38)];
    const found = await search([small, large], [small, large], {
      queries: ['small', 'large'],
      documents: ['a', 'b'],
    });
    for (const ranking of found.values()) {
      for (const { score } of ranking) expect(score).toBeCloseTo(1, 6);
    }
  });

  it('of any vectors: the cosines, in trec_eval’s order, cut at the top', async () => {
    // whole numbers, so that many directions are equal or orthogonal and cosines tie
    const vector = fc
      .array(fc.integer({ min: -1, max: 1 }), { minLength: 2, maxLength: 2 })
      .map((numbers) => new Float32Array(numbers));
    const some = fc.array(vector, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.integer({ min: 1, max: 14 }), async (queries, documents, top) => {
        const ids = { queries: names('q', queries.length), documents: names('d', documents.length) };
        const all = await search(queries, documents, ids);
        const cut = await search(queries, documents, ids, { top });
        for (const [index, query] of queries.entries()) {
          const ranking = all.get(`q${index}`)!;
          expect(ranking).toHaveLength(documents.length);
          for (const { id, score } of ranking) {
            expect(score).toBeCloseTo(cosine(query, documents[Number(id.slice(1))]!), 6);
          }
          expect(ranking).toEqual(ranked(ranking));
          expect(cut.get(`q${index}`)).toEqual(ranking.slice(0, top));
        }
      }),
    );
  });
});

describe('refuses', () => {
  const vector = Float32Array.of(1, 2);
  const other = Float32Array.of(2, 1);
  const ids = { queries: ['q'], documents: ['a', 'b'] };
  type Arguments = Parameters<typeof search>;

  it.each<[string, Arguments, string, RegExp]>([
    ['no queries', [[], [vector], { queries: [], documents: ['a'] }], 'ERR_INPUT_EMPTY', /no queries/],
    ['no documents', [[vector], [], { queries: ['q'], documents: [] }], 'ERR_INPUT_EMPTY', /no documents/],
    ['an id too few', [[vector], [vector], ids], 'ERR_INVALID_OPTION', /1 vectors of documents, but 2 ids/],
    [
      'a query id twice',
      [[vector, other], [vector, other], { ...ids, queries: ['q', 'q'] }],
      'ERR_INVALID_OPTION',
      /"q" belongs to two queries/,
    ],
    [
      'a document id twice',
      [[vector], [vector, other], { ...ids, documents: ['a', 'a'] }],
      'ERR_INVALID_OPTION',
      /"a" belongs to two documents/,
    ],
    [
      'documents of different dimensions',
      [[vector], [vector, new Float32Array(3)], ids],
      'ERR_INVALID_OPTION',
      /document "b" has 3 dimensions, but others have 2/,
    ],
    [
      'a query of other dimensions',
      [[new Float32Array(1)], [vector, other], ids],
      'ERR_INVALID_OPTION',
      /query "q" has 1 dimensions, but others have 2/,
    ],
    [
      'vectors without dimensions',
      [[new Float32Array(0)], [new Float32Array(0)], { ...ids, documents: ['a'] }],
      'ERR_INVALID_OPTION',
      /no dimensions/,
    ],
    [
      'NaN in a query',
      [[Float32Array.of(1, NaN)], [vector, other], ids],
      'ERR_INVALID_OPTION',
      /query "q" has numbers that are not finite/,
    ],
    [
      'infinity in a document',
      [[vector], [other, Float32Array.of(-Infinity, 1)], ids],
      'ERR_INVALID_OPTION',
      /document "b" has numbers that are not finite/,
    ],
    ['top 0', [[vector], [vector, other], ids, { top: 0 }], 'ERR_INVALID_OPTION', /top is 0/],
    ['top 1.5', [[vector], [vector, other], ids, { top: 1.5 }], 'ERR_INVALID_OPTION', /top is 1.5/],
  ])('%s', async (_, given, code, message) => {
    expect(await rejection(search(...given))).toEqual({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('stops by its signal', () => {
  const queries = vectors(600, 2000, 10);
  const ids = { queries: names('q', 600), documents: names('d', 600) };

  it.each([
    ['before', 0],
    ['while it runs', 5],
  ])('%s', async (_, delay) => {
    const stop = new AbortController();
    const reason = new Error('enough');
    if (delay === 0) stop.abort(reason);
    else setTimeout(() => stop.abort(reason), delay);
    const error: unknown = await search(queries, queries, ids, { signal: stop.signal }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LongEmbedError);
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
  });
});
