import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTables } from '../../../bench/data/layout.js';
import { failure, makeFolder } from './folder.js';

/** The splits of the tables and their files, within the folder. */
async function find(...paths: string[]): Promise<unknown> {
  const folder = makeFolder(Object.fromEntries(paths.map((path) => [path, ''])));
  const tables = await findTables(folder);
  return (
    tables &&
    Object.fromEntries(
      Object.values(tables).map(({ name, splits }) => [
        name,
        Object.fromEntries(
          [...splits].map(([split, files]) => [
            String(split),
            files.map((file) => file.slice(join(folder, '/').length)),
          ]),
        ),
      ]),
    )
  );
}

const QUERIES = 'queries.jsonl';
const QRELS = 'qrels.jsonl';

describe('findTables', () => {
  it("finds the authors' layout, and ignores other files", async () => {
    const found = await find(
      'corpus.jsonl.zst',
      'queries.jsonl',
      'qrels.jsonl.gz',
      'README.md',
      'notes.jsonl',
    );
    expect(found).toEqual({
      corpus: { null: ['corpus.jsonl.zst'] },
      queries: { null: ['queries.jsonl'] },
      qrels: { null: ['qrels.jsonl.gz'] },
    });
  });

  it("finds MTEB's layout, its splits and their shards in order", async () => {
    const found = await find(
      'corpus/test_512-00000-of-00001.parquet',
      'corpus/test_256-00001-of-00002.parquet',
      'corpus/test_256-00000-of-00002.parquet',
      'query/test.parquet',
      'data/test-00000-of-00001.parquet',
    );
    expect(found).toEqual({
      corpus: {
        test_256: ['corpus/test_256-00000-of-00002.parquet', 'corpus/test_256-00001-of-00002.parquet'],
        test_512: ['corpus/test_512-00000-of-00001.parquet'],
      },
      queries: { test: ['query/test.parquet'] },
      qrels: { test: ['data/test-00000-of-00001.parquet'] },
    });
  });

  it('finds files whose names have only the table', async () => {
    const found = await find(
      'data/corpus-00000-of-00001.parquet',
      'queries/0001.parquet',
      'queries/0000.parquet',
      'qrels/test/0000.parquet',
    );
    expect(found).toEqual({
      corpus: { null: ['data/corpus-00000-of-00001.parquet'] },
      queries: { null: ['queries/0000.parquet', 'queries/0001.parquet'] },
      qrels: { test: ['qrels/test/0000.parquet'] },
    });
  });

  it('finds nothing in a folder without data', async () => {
    expect(await find('README.md', 'qmsum/corpus.jsonl')).toBeNull();
  });

  it.each([
    ['missing tables', ['corpus.jsonl'], /has no queries and no qrels: a task is corpus\.jsonl, /],
    [
      'one table twice',
      ['corpus.jsonl', 'corpus.jsonl.gz', QUERIES, QRELS],
      /its corpus more than once \(corpus\.jsonl, corpus\.jsonl\.gz\)/,
    ],
    [
      'two layouts',
      ['corpus.jsonl', 'corpus/test.parquet', QUERIES, QRELS],
      /its corpus more than once \(corpus\/test\.parquet, corpus\.jsonl\)/,
    ],
    [
      'two folders of one table',
      ['corpus.jsonl', 'queries/test.parquet', 'query/test.parquet', QRELS],
      /its queries more than once/,
    ],
    [
      'shards of two sets',
      ['corpus/test-00000-of-00001.parquet', 'corpus/test-00000-of-00002.parquet', QUERIES, QRELS],
      /its corpus more than once/,
    ],
    [
      'a missing shard',
      ['corpus/test-00001-of-00002.parquet', QUERIES, QRELS],
      /only 1 of the 2 files of its corpus: corpus\/test-00001-of-00002\.parquet/,
    ],
  ])('refuses %s', async (_what, paths, message) => {
    await expect(find(...paths)).rejects.toMatchObject(failure('ERR_INVALID_OPTION', message));
  });
});
