/** ChunkIndex leaves out rows by bounds; what it finds must be what scoring all of them gives, to the last bit. */
import { describe, expect, it } from 'vitest';
import { writeUnitVector } from '../../lib/chunk-index/unit-vector.js';
import { ChunkIndex, type ChunkIndexHit, type ChunkIndexSearchOptions } from '../../lib/index.js';
import { Bm25Index, fuseRankings } from '../../lib/lexical/index.js';
import { addon, dotProducts } from '../../lib/native/index.js';

/** A repeatable sequence of numbers from 0 to 1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Next = () => number;

const around = (next: Next): number => next() + next() + next() - 1.5;

/** A factor for each vector, so that every size of number occurs. */
const size = (next: Next): number => 10 ** Math.round(60 * next() - 30);

/** How a vector is drawn; `others` are those drawn so far. */
const KINDS: Record<
  string,
  (dimensions: number, next: Next, others: readonly Float32Array[]) => Float32Array
> = {
  random: (dimensions, next) => Float32Array.from({ length: dimensions }, () => around(next)),
  'tiny and huge': (dimensions, next) => {
    const factor = size(next);
    return Float32Array.from({ length: dimensions }, () => factor * around(next));
  },
  clustered: (dimensions, next, others) => {
    const centre = others[Math.floor(5 * next())];
    return Float32Array.from(
      { length: dimensions },
      (_, i) => (centre?.[i] ?? around(next)) + 0.01 * around(next),
    );
  },
  'nearly equal': (dimensions, next, others) =>
    Float32Array.from(
      { length: dimensions },
      (_, i) => (others[0]?.[i] ?? around(next)) * (1 + 1e-6 * next()),
    ),
  duplicated: (dimensions, next, others) =>
    others.length > 7
      ? others[Math.floor(7 * next())]!.slice()
      : Float32Array.from({ length: dimensions }, () => around(next)),
  'zero or one number': (dimensions, next) => {
    const vector = new Float32Array(dimensions);
    if (next() < 0.7) vector[Math.floor(dimensions * next())] = next() < 0.5 ? 1 : -3;
    return vector;
  },
  'one large number': (dimensions, next) => {
    const vector = Float32Array.from({ length: dimensions }, () => 1e-3 * around(next));
    vector[Math.floor(dimensions * next())] = 1;
    return vector;
  },
};

const WORDS = 'rent lease tenant landlord roof wall door budget board meeting may october'.split(' ');

interface Document {
  readonly id: string;
  readonly vectors: readonly Float32Array[];
  readonly text: string;
}

function draw(kind: string, dimensions: number, count: number, next: Next): Document[] {
  const drawn: Float32Array[] = [];
  return Array.from({ length: count }, (_, i) => {
    const vectors = Array.from({ length: 1 + Math.floor(9 * next()) }, () => {
      const vector = KINDS[kind]!(dimensions, next, drawn);
      drawn.push(vector);
      return vector;
    });
    const text = Array.from({ length: 12 }, () => WORDS[Math.floor(WORDS.length * next())]!).join(' ');
    return { id: `d${i}`, vectors, text };
  });
}

function unit(vector: Float32Array): Float32Array {
  const row = new Float32Array(vector.length);
  writeUnitVector(vector, 'a vector', row, 0);
  return row;
}

type Options = Pick<ChunkIndexSearchOptions, 'by' | 'best' | 'text'> & { readonly k: number };
type Hit = Pick<ChunkIndexHit, 'id' | 'chunk' | 'score' | 'cosine'>;

/** The search as it is defined: every row is scored, and everything sorted. Sorting keeps the order of equals. */
async function searchAll(
  documents: readonly Document[],
  query: Float32Array,
  options: Options,
): Promise<Hit[]> {
  const { k, by, best = 1, text } = options;
  const rows = documents.flatMap(({ vectors }) => vectors.map(unit));
  const matrix = new Float32Array(rows.length * query.length);
  for (const [i, row] of rows.entries()) matrix.set(row, i * query.length);
  const scores = await dotProducts(unit(query), matrix, query.length).promise;
  let done = 0;
  const all = documents.map(({ id, vectors, text: words }) => {
    const own = [...scores.subarray(done, (done += vectors.length))];
    const counted = own.toSorted((a, b) => a - b).slice(-best);
    const cosine = Math.max(...own);
    const score = counted.reduce((sum, value) => sum + value, 0) / counted.length;
    return { id, own, words, score, cosine, chunk: own.indexOf(cosine) };
  });
  const descending = (a: { score: number }, b: { score: number }): number => b.score - a.score;
  const hit = ({ id, chunk, score, cosine }: Hit): Hit => ({ id, chunk, score, cosine });
  if (by === 'chunk') {
    return all
      .flatMap(({ id, own }) => own.map((score, chunk) => ({ id, chunk, score, cosine: score })))
      .sort(descending)
      .slice(0, k);
  }
  const byVectors = all.toSorted(descending);
  if (text === undefined) return byVectors.slice(0, k).map(hit);
  const lexical = new Bm25Index();
  for (const { words } of all) lexical.add(words);
  const byWords = lexical
    .search(text)
    .sort((a, b) => a.document - b.document)
    .sort(descending)
    .slice(0, 1000)
    .map(({ document }) => all[document]!);
  return [...fuseRankings([byVectors.slice(0, Math.max(k, 1000)), byWords])]
    .map(([document, score]) => hit({ ...document, score }))
    .sort(descending)
    .slice(0, k);
}

const SEARCHES: readonly Options[] = [
  { k: 1 },
  { k: 10 },
  { k: 10_000 },
  { k: 10, by: 'chunk' },
  { k: 400, by: 'chunk' },
  { k: 5, best: 3 },
  { k: 60, best: 20 },
  { k: 10, text: 'the lease of the landlord in may' },
  { k: 7, best: 2, text: 'roof' },
];

describe.each(Object.keys(KINDS))('%s vectors', (kind) => {
  it.each([1, 2, 37, 384, 700])('of %i numbers are found as if all were scored', async (dimensions) => {
    const next = sequence(dimensions);
    const documents = draw(kind, dimensions, dimensions > 300 ? 120 : 300, next);
    const index = new ChunkIndex();
    for (const { id, vectors, text } of documents) {
      index.add(
        id,
        vectors.map((embedding) => ({ embedding, start: 0, end: 1 })),
        { text },
      );
    }
    const left = documents.filter(({ id }) => !(next() < 0.2 && index.remove(id)));
    for (const options of SEARCHES) {
      const query =
        next() < 0.5
          ? left[Math.floor(left.length * next())]!.vectors[0]!
          : KINDS[kind]!(dimensions, next, []);
      const expected = await searchAll(left, query, options);
      for (const threads of [1, 2]) {
        const found = await index.search(query, { ...options, threads });
        expect(
          found.map(({ id, chunk, score, cosine }) => ({ id, chunk, score, cosine })),
          JSON.stringify(options),
        ).toEqual(expected);
      }
    }
    index.dispose();
  });
});

it('leaves documents beyond the thousand that are fused to their words', async () => {
  const next = sequence(9);
  const documents = draw('random', 16, 2500, next).map((document, i) => ({
    ...document,
    text: i % 5 === 0 ? document.text : 'nothing',
  }));
  const index = new ChunkIndex();
  for (const { id, vectors, text } of documents) {
    index.add(
      id,
      vectors.map((embedding) => ({ embedding, start: 0, end: 1 })),
      { text },
    );
  }
  for (let i = 0; i < 5; i++) {
    const query = KINDS['random']!(16, next, []);
    const options = { k: 900, text: 'lease of a tenant' };
    const found = await index.search(query, options);
    expect(found.map(({ id, chunk, score, cosine }) => ({ id, chunk, score, cosine }))).toEqual(
      await searchAll(documents, query, options),
    );
  }
});

describe('the functions of the addon', () => {
  const native = addon();
  const rows = new Float32Array(8);

  it('refuse what they cannot use', () => {
    const calls: [call: () => unknown, message: RegExp][] = [
      [() => native.quantizeRows(rows, 3, new Int8Array(8), new Float32Array(6)), /not a multiple of 3/],
      [() => native.quantizeRows(rows, 4, new Int8Array(7), new Float32Array(6)), /different rows/],
      [() => native.quantizeRows(rows, 4, new Int8Array(8), new Float32Array(5)), /different rows/],
      [() => native.quantizeRows([] as never, 4, new Int8Array(8), new Float32Array(6)), /Float32Array/],
      [
        () => native.boundProducts(rows, [new Int8Array(8)], [new Float32Array(3)], 2, 1),
        /fewer than 2 rows/,
      ],
      [() => native.boundProducts(rows, [new Int8Array(8)], [new Float32Array(4)], 1, 1), /different rows/],
      [() => native.boundProducts(rows, [rows as never], [new Float32Array(3)], 1, 1), /Int8Array/],
      [() => native.boundProducts(new Float32Array(0), [], [], 0, 1), /0 dimensions/],
      [() => native.rowProducts(rows, [rows], Uint32Array.of(0, 2), 1), /fewer than 2 rows/],
      [() => native.rowProducts(rows, [rows], Uint32Array.of(1, 0), 1), /ends before it begins/],
      [
        () => native.rowProducts(rows, [rows, new Float32Array(16)], Uint32Array.of(0, 1), 1),
        /different lengths/,
      ],
      [() => native.rowProducts(rows, [rows], [0, 1] as never, 1), /Uint32Array/],
      [() => native.rowProducts(rows, [rows], Uint32Array.of(0, 1), -1), /threads/],
    ];
    for (const [call, message] of calls) expect(call).toThrow(message);
  });
});
