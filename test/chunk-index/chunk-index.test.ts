import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChunkIndex, type IndexedChunk, LongEmbedError } from '../../lib/index.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longembed-chunk-index-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A repeatable sequence of numbers from -1 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function vector(dimensions: number, next: () => number): Float32Array {
  return Float32Array.from({ length: dimensions }, next);
}

function chunks(count: number, dimensions: number, next: () => number): IndexedChunk[] {
  return Array.from({ length: count }, (_, i) => ({
    embedding: vector(dimensions, next),
    start: i,
    end: i + 1,
  }));
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

/** Calls `work` and returns the code of its error. */
async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof LongEmbedError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

const at = (embedding: number[], start: number, end: number): IndexedChunk => ({
  embedding: Float32Array.from(embedding),
  start,
  end,
});

const LEASE = 'The rent is due monthly. The tenant may terminate the lease with a notice of ninety days.';

/** Two documents of two dimensions, the first with text. */
function small(): ChunkIndex {
  const index = new ChunkIndex();
  index.add('lease', [at([1, 0], 0, 24), at([0, 2], 25, 89)], { text: LEASE });
  index.add('minutes', [at([3, 4], 0, 10)]);
  return index;
}

describe('ChunkIndex.search', () => {
  it('ranks documents by their best chunk, exactly', async () => {
    const [documents, dimensions] = [200, 37];
    const next = numbers(1);
    const all = Array.from({ length: documents }, (_, i) => ({
      id: `d${i}`,
      chunks: chunks(1 + (i % 7), dimensions, next),
    }));
    const index = new ChunkIndex();
    for (const { id, chunks: own } of all) index.add(id, own);
    const query = vector(dimensions, next);
    const expected = all
      .map(({ id, chunks: own }) => {
        const cosines = own.map(({ embedding }) => cosine(embedding, query));
        const score = Math.max(...cosines);
        return { id, score, chunk: cosines.indexOf(score) };
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, 20);
    const found = await index.search(query, { k: 20 });
    expect(found.map(({ id, chunk, start, end }) => [id, chunk, start, end])).toEqual(
      expected.map(({ id, chunk }) => [id, chunk, chunk, chunk + 1]),
    );
    for (const [i, { score, cosine: best }] of found.entries()) {
      expect(Math.abs(score - (expected[i]?.score ?? 0))).toBeLessThan(1e-6);
      expect(best).toBe(score);
    }
  });

  it('gives the span and the text of the best chunk', async () => {
    const [hit] = await small().search(new Float32Array([0, 1]));
    expect(hit).toEqual({
      id: 'lease',
      score: 1,
      cosine: 1,
      chunk: 1,
      start: 25,
      end: 89,
      text: 'The tenant may terminate the lease with a notice of ninety days.',
    });
  });

  it('ranks chunks, of which several may be of one document', async () => {
    const hits = await small().search(new Float32Array([2, 1]), { by: 'chunk' });
    expect(hits.map(({ id, chunk }) => [id, chunk])).toEqual([
      ['lease', 0],
      ['minutes', 0],
      ['lease', 1],
    ]);
  });

  it('scores by the mean of the best chunks', async () => {
    const hits = await small().search(new Float32Array([1, 1]), { best: 2 });
    expect(hits.map(({ id }) => id)).toEqual(['minutes', 'lease']);
    expect(hits[1]?.score).toBeCloseTo(Math.SQRT1_2, 6);
    expect(hits[0]?.score).toBeCloseTo(1.4 * Math.SQRT1_2, 6);
  });

  it('fuses the ranking with that of the words', async () => {
    const query = new Float32Array([3, 4]);
    const index = small();
    expect((await index.search(query))[0]?.id).toBe('minutes');
    const hits = await index.search(query, { text: 'terminating a lease' });
    expect(hits.map(({ id }) => id)).toEqual(['lease', 'minutes']);
    expect(hits[0]?.score).toBeCloseTo(1 / 61 + 1 / 62, 12);
    expect(hits[0]?.cosine).toBeCloseTo(0.8, 6);
    expect(hits[1]?.score).toBeCloseTo(1 / 61, 12);
  });

  it('prefers the document added first of equal ones, and gives a zero vector cosine 0', async () => {
    const index = new ChunkIndex();
    for (const id of ['b', 'a', 'c']) index.add(id, [at([1, 0], 0, 1)]);
    index.add('zero', [at([0, 0], 0, 1)]);
    const hits = await index.search(new Float32Array([1, 0]));
    expect(hits.map(({ id, score }) => [id, score])).toEqual([
      ['b', 1],
      ['a', 1],
      ['c', 1],
      ['zero', 0],
    ]);
  });

  it('sees the documents that were there when it was called', async () => {
    const index = new ChunkIndex();
    const next = numbers(2);
    for (let i = 0; i < 100; i++) index.add(`d${i}`, chunks(3, 16, next), { text: `text ${i}` });
    const query = vector(16, next);
    const before = await index.search(query, { k: 1000 });
    const running = index.search(query, { k: 1000 });
    for (let i = 0; i < 90; i++) index.remove(`d${i}`);
    index.add('new', chunks(3, 16, next));
    expect(await running).toEqual(before);
    const after = await index.search(query, { k: 1000 });
    expect(new Set(after.map(({ id }) => id))).toEqual(
      new Set(['new', ...Array.from({ length: 10 }, (_, i) => `d${90 + i}`)]),
    );
    expect(after.filter(({ id }) => id !== 'new')).toEqual(
      before.filter(({ id }) => Number(id.slice(1)) >= 90),
    );
  });

  it('finds nothing in an empty index', async () => {
    const index = new ChunkIndex();
    expect(await index.search(new Float32Array([1]))).toEqual([]);
    index.add('a', [at([1, 0], 0, 1)]);
    index.remove('a');
    expect(await index.search(new Float32Array([1, 0]), { text: undefined })).toEqual([]);
    expect(index.dimensions).toBe(2);
  });

  it('crosses the blocks in which vectors are kept', async () => {
    const dimensions = 2 ** 20;
    const index = new ChunkIndex();
    for (let i = 0; i < 9; i++) {
      const embedding = new Float32Array(dimensions);
      embedding[i] = 1;
      index.add(`d${i}`, [{ embedding, start: 0, end: 1 }]);
    }
    const query = new Float32Array(dimensions);
    query[8] = 1;
    expect((await index.search(query, { k: 1 }))[0]?.id).toBe('d8');
    index.dispose();
  });

  it('refuses what it cannot compare', async () => {
    const index = small();
    const query = new Float32Array([1, 0]);
    expect(await codeOf(() => index.search(new Float32Array(3)))).toMatch(
      /ERR_INVALID_OPTION: .* 3 dimensions.* 2/,
    );
    expect(await codeOf(() => index.search(new Float32Array([1, NaN])))).toMatch(
      /ERR_INVALID_OPTION.*finite/,
    );
    expect(await codeOf(() => index.search([1, 0] as never))).toMatch(/ERR_INVALID_OPTION.*Float32Array/);
    for (const options of [{ k: 0 }, { k: 1.5 }, { best: 0 }, { by: 'word' }, { text: 1 }, { other: 1 }]) {
      expect(await codeOf(() => index.search(query, options as never))).toMatch(/^ERR_INVALID_OPTION/);
    }
    expect(await codeOf(() => index.search(query, { by: 'chunk', text: 'rent' }))).toMatch(
      /ERR_INVALID_OPTION.*chunk/,
    );
    index.remove('lease');
    expect(await codeOf(() => index.search(query, { text: 'rent' }))).toMatch(/ERR_INVALID_OPTION.*texts/);
    const signal = AbortSignal.abort();
    expect(await codeOf(() => index.search(query, { signal }))).toMatch(/^ERR_ABORTED/);
  });
});

describe('ChunkIndex.add and remove', () => {
  it('refuses unusable documents and stays as it was', async () => {
    const index = small();
    const good = [at([1, 1], 0, 1)];
    const bad: [id: unknown, chunks: unknown, options: unknown, message: RegExp][] = [
      ['lease', good, {}, /^ERR_INVALID_OPTION.*already/],
      [7, good, {}, /^ERR_INVALID_OPTION.*string/],
      ['x', [], {}, /^ERR_INPUT_EMPTY/],
      ['x', 'chunks', {}, /^ERR_INVALID_OPTION.*array/],
      ['x', [...good, null], {}, /^ERR_INVALID_OPTION: The chunk 1 of "x" is null.*object/],
      ['x', [undefined], {}, /^ERR_INVALID_OPTION: The chunk 0 of "x" is undefined/],
      ['x', [{ embedding: [1, 0], start: 0, end: 1 }], {}, /^ERR_INVALID_OPTION.*Float32Array/],
      ['x', [...good, at([1, 1, 1], 0, 1)], {}, /^ERR_INVALID_OPTION.*3 dimensions/],
      ['x', [...good, at([1, Infinity], 0, 1)], {}, /^ERR_INVALID_OPTION.*finite/],
      ['x', [at([1, 1], 2, 1)], {}, /^ERR_INVALID_OPTION.*offsets/],
      ['x', [at([1, 1], -1, 1)], {}, /^ERR_INVALID_OPTION.*offsets/],
      ['x', [at([1, 1], 0, 0.5)], {}, /^ERR_INVALID_OPTION.*offsets/],
      ['x', [at([1, 1], 0, 5)], { text: 'four' }, /^ERR_INVALID_OPTION.*offsets/],
      ['x', good, { text: 'a\ud800' }, /^ERR_INVALID_OPTION.*well-formed/],
      ['x', good, { texts: 'a' }, /^ERR_INVALID_OPTION.*texts/],
    ];
    for (const [id, own, options, message] of bad) {
      expect(await codeOf(() => index.add(id as never, own as never, options as never))).toMatch(message);
    }
    expect([index.size, index.chunks, index.has('x')]).toEqual([2, 3, false]);
    expect(await codeOf(() => new ChunkIndex().add('x', [at([], 0, 1)]))).toMatch(
      /ERR_INVALID_OPTION.*no numbers/,
    );
  });

  it('keeps a copy of the vectors', async () => {
    const index = new ChunkIndex();
    const own = at([1, 0], 0, 1);
    index.add('a', [own]);
    own.embedding.fill(5);
    expect((await index.search(new Float32Array([1, 0])))[0]?.score).toBe(1);
  });

  it('replaces a document', async () => {
    const index = small();
    expect(index.remove('minutes')).toBe(true);
    expect(index.remove('minutes')).toBe(false);
    index.add('minutes', [at([0, 1], 0, 3)], { text: 'the lease' });
    const [hit] = await index.search(new Float32Array([0, 1]), { text: 'lease' });
    expect([index.size, hit?.text]).toEqual([2, LEASE.slice(25, 89)]);
  });

  it('throws ERR_DISPOSED once it is disposed of', async () => {
    const index = small();
    const running = index.search(new Float32Array([0, 1]));
    index.dispose();
    index.dispose();
    expect((await running)[0]?.id).toBe('lease');
    for (const call of [
      () => index.add('x', [at([1, 1], 0, 1)]),
      () => index.remove('lease'),
      () => index.search(new Float32Array([0, 1])),
      () => index.save(join(folder, 'index')),
    ]) {
      expect(await codeOf(call)).toMatch(/^ERR_DISPOSED/);
    }
  });
});

describe('ChunkIndex.save and load', () => {
  it('gives the same index back', async () => {
    const index = small();
    index.add('naïve 東京 😀', chunks(5, 2, numbers(3)), { text: 'Übersetzung 東京 😀 '.repeat(3) });
    index.remove('minutes');
    index.add('minutes', chunks(2, 2, numbers(4)));
    const file = join(folder, 'new', 'index.chunks');
    await index.save(file);
    await index.save(file);
    const loaded = await ChunkIndex.load(file);
    expect([loaded.size, loaded.chunks, loaded.dimensions]).toEqual([3, 9, 2]);
    const query = new Float32Array([0.3, -0.7]);
    for (const options of [{}, { by: 'chunk' as const }, { text: 'übersetzung der lease' }, { best: 2 }]) {
      expect(await loaded.search(query, options)).toEqual(await index.search(query, options));
    }
    const again = join(folder, 'again.chunks');
    await loaded.save(again);
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
    expect(readdirSync(join(folder, 'new'))).toEqual(['index.chunks']);
  });

  it('gives an empty index back', async () => {
    const file = join(folder, 'empty');
    await new ChunkIndex().save(file);
    const loaded = await ChunkIndex.load(file);
    expect([loaded.size, loaded.dimensions]).toEqual([0, null]);
  });

  it('names what is wrong with a file', async () => {
    const file = join(folder, 'index');
    const broken = join(folder, 'broken');
    await small().save(file);
    const bytes = readFileSync(file);
    const load = (content: Buffer): Promise<string> => {
      writeFileSync(broken, content);
      return codeOf(() => ChunkIndex.load(broken));
    };
    expect(await codeOf(() => ChunkIndex.load(join(folder, 'none')))).toMatch(
      /ERR_INVALID_OPTION.*no such file/,
    );
    expect(await codeOf(() => ChunkIndex.load(folder))).toMatch(/^ERR_INVALID_OPTION/);
    expect(await codeOf(() => small().save(folder))).toMatch(/^ERR_INVALID_OPTION/);
    for (const path of [undefined, '', 7]) {
      const message = /^ERR_INVALID_OPTION: The path is .*: it must be the path of an index file/;
      expect(await codeOf(() => small().save(path as string))).toMatch(message);
      expect(await codeOf(() => ChunkIndex.load(path as string))).toMatch(message);
    }
    expect(await load(Buffer.from('GGUF'.repeat(40)))).toMatch(/not a chunk index/);
    expect(await load(Buffer.concat([bytes, Buffer.alloc(1)]))).toMatch(/too many/);
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(2, 8);
    expect(await load(newer)).toMatch(/version 2/);
    for (let length = 0; length < bytes.length; length++) {
      expect(await load(bytes.subarray(0, length)), `${length} bytes`).toMatch(/^ERR_INVALID_OPTION/);
    }
    for (let place = 0; place < bytes.length; place++) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 0x21;
      expect(await load(changed), `byte ${place}`).toMatch(/^ERR_INVALID_OPTION/);
    }
  });
});
