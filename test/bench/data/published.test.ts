import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { publishedTaskData } from '../../../bench/data/layout.js';
import { qmsum } from '../../../bench/tasks/real.js';
import { summScreenFd } from '../../../bench/tasks/real.js';
import type { Dataset } from '../../../bench/data/dataset.js';
import type { Task, TaskOptions } from '../../../bench/tasks/task.js';
import { CORPUS, failure, jsonl, makeFolder, NEEDLE, options, QRELS, QUERIES, small } from './folder.js';

const SMALL: Dataset = {
  documents: [
    { id: 'd1', text: 'First.' },
    { id: 'd2', text: 'Second.' },
  ],
  queries: [
    { id: 'q1', text: 'Which one?' },
    { id: 'q2', text: 'And then?' },
  ],
  relevance: new Map([
    ['q1', new Map([['d1', 1]])],
    ['q2', new Map([['d2', 1]])],
  ]),
};

async function load(task: Task, data: string, more: Partial<TaskOptions> = {}): Promise<Dataset[]> {
  const found = await publishedTaskData(task, options(data, more));
  return Promise.all(found!.splits.map((split) => split.load()));
}

type Column = Parameters<typeof parquetWriteBuffer>[0]['columnData'][number];

function parquet(columns: Record<string, Column['data']>): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

describe('publishedTaskData', () => {
  it('finds the folder of the task, and reads it again each time', async () => {
    const data = makeFolder(small('qmsum'));
    const found = await publishedTaskData(qmsum, options(data));
    expect(found).toMatchObject({
      task: qmsum,
      origin: `folder ${join(data, 'qmsum')}`,
      splits: [{ name: 'test', length: null }],
    });
    const [split] = found!.splits;
    expect(await split!.load()).toEqual(SMALL);
    writeFileSync(join(data, 'qmsum/queries.jsonl'), QUERIES.replace('then', 'when'));
    expect((await split!.load()).queries[1]!.text).toBe('And when?');
  });

  it("finds a folder with MTEB's name, and the given folder itself", async () => {
    const data = makeFolder(small('LEMBSummScreenFDRetrieval'));
    for (const given of [data, join(data, 'LEMBSummScreenFDRetrieval')]) {
      const found = await publishedTaskData(summScreenFd, options(given));
      expect(found?.splits).toMatchObject([{ name: 'validation', length: null }]);
    }
  });

  it('finds nothing in an empty folder', async () => {
    expect(await publishedTaskData(qmsum, options(null))).toBeNull();
    const data = makeFolder({ ...small('narrativeqa'), 'LEMBQMSumRetrieval.md': '' });
    expect(await publishedTaskData(qmsum, options(data))).toBeNull();
    // a folder of tasks that happens to be called like one
    mkdirSync(join(data, 'sub/qmsum'), { recursive: true });
    expect(await publishedTaskData(qmsum, options(join(data, 'sub/qmsum')))).toBeNull();
  });

  it.each([
    ['a folder that does not exist', {}, 'gone', /The data folder .*gone does not exist/],
    [
      'a task without data',
      { 'qmsum/README.md': '' },
      '',
      /qmsum has no data for QMSum: a task is corpus\.jsonl/,
    ],
    ['a task with half its data', { 'qmsum/corpus.jsonl': CORPUS }, '', /qmsum has no queries and no qrels/],
    [
      'a task that is there twice',
      { ...small('qmsum'), ...small('LEMBQMSumRetrieval') },
      '',
      /are the same task: keep only one/,
    ],
  ])('refuses %s', async (_what, files, within, message) => {
    const data = join(makeFolder(files), within);
    await expect(publishedTaskData(qmsum, options(data))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', message),
    );
  });

  it('does not read the corpus before it is asked for', async () => {
    const data = makeFolder({ ...small('qmsum'), 'qmsum/corpus.jsonl': 'nonsense' });
    const found = await publishedTaskData(qmsum, options(data));
    await expect(found!.splits[0]!.load()).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /corpus\.jsonl, line 1: the line is not JSON/),
    );
  });

  it('stops when aborted', async () => {
    const controller = new AbortController();
    const found = await publishedTaskData(
      qmsum,
      options(makeFolder(small('qmsum')), { signal: controller.signal }),
    );
    controller.abort(new Error('enough'));
    await expect(found!.splits[0]!.load()).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      cause: expect.objectContaining({ message: 'enough' }) as Error,
    });
  });
});

describe('columns', () => {
  const qmsumWith = (files: Record<string, string>): string =>
    makeFolder({
      ...small('qmsum'),
      ...Object.fromEntries(Object.entries(files).map(([name, content]) => [`qmsum/${name}.jsonl`, content])),
    });

  it('may include unused ones, and ids may be numbers', async () => {
    const data = qmsumWith({
      corpus: jsonl({ doc_id: 1, text: 'First.', id: 'else', context_length: null }),
      queries: jsonl({ qid: 7, text: 'Which one?', extra: [{}] }),
      qrels: jsonl({ qid: '7', doc_id: '1', score: 3, more: '' }),
    });
    expect(await load(qmsum, data)).toEqual([
      {
        documents: [{ id: '1', text: 'First.' }],
        queries: [{ id: '7', text: 'Which one?' }],
        relevance: new Map([['7', new Map([['1', 3]])]]),
      },
    ]);
  });

  it('put a title before the text and trim both, as MTEB does, but leave queries alone', async () => {
    const data = qmsumWith({
      corpus: jsonl(
        { _id: 'd1', title: 'Title', text: 'First. \n' },
        { _id: 'd2', title: '', text: ' Second.' },
      ),
      queries: jsonl({ _id: 'q1', text: ' Which? ' }, { _id: 'q2', text: 'Then?' }),
    });
    const [dataset] = await load(qmsum, data);
    expect(dataset!.documents.map(({ text }) => text)).toEqual(['Title First.', 'Second.']);
    expect(dataset!.queries[0]!.text).toBe(' Which? ');
  });

  it.each<[table: string, row: unknown, message: RegExp]>([
    ['corpus', { text: 'a' }, /corpus\.jsonl, line 1: there is no "doc_id" or "_id" or "id"\.$/],
    [
      'corpus',
      { _id: 'a', id: 'b', text: 'a' },
      /"_id" and "id" are both present, and either may be the id\.$/,
    ],
    ['corpus', { doc_id: 1.5, text: 'a' }, /"doc_id" is 1\.5, not an id/],
    [
      'corpus',
      { doc_id: 2 ** 60, text: 'a' },
      /"doc_id" is a number of more than 15 digits, .* must be a text/,
    ],
    ['corpus', { doc_id: '', text: 'a' }, /"doc_id" is "", not an id/],
    ['corpus', { doc_id: ['d1'], text: 'a' }, /"doc_id" is an array of 1, not an id/],
    ['corpus', { doc_id: 'd1' }, /there is no "text"\.$/],
    ['corpus', { doc_id: 'd1', text: null }, /there is no "text"\.$/],
    ['corpus', { doc_id: 'd1', text: 7 }, /"text" is 7, not a text\.$/],
    ['corpus', { doc_id: 'd1', text: 'a', title: 7 }, /"title" is 7, not a text\.$/],
    ['corpus', { doc_id: 'd1', text: '\ud800' }, /"text" contains a lone surrogate\.$/],
    ['queries', { doc_id: 'q1', text: 'a' }, /queries\.jsonl, line 1: there is no "qid" or "_id" or "id"\.$/],
    ['qrels', { qid: 'q1' }, /qrels\.jsonl, line 1: there is no "doc_id" or "corpus-id"\.$/],
    [
      'qrels',
      { qid: 'q1', doc_id: 'd1', score: -1 },
      /"score" is -1, not a grade: it must be a whole number from 0\.$/,
    ],
    ['qrels', { qid: 'q1', doc_id: 'd1', score: 0.5 }, /"score" is 0\.5, not a grade/],
    ['qrels', { qid: 'q1', doc_id: 'd1', score: '1' }, /"score" is "1", not a grade/],
    ['qrels', { qid: 'q1', doc_id: 'd1', score: null }, /"score" is null, not a grade/],
  ])('are refused: %s %j', async (table, row, message) => {
    await expect(load(qmsum, qmsumWith({ [table]: jsonl(row) }))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', message),
    );
  });
});

describe("MTEB's layout", () => {
  const qrels = parquet({
    'query-id': ['q1', 'q2'],
    'corpus-id': ['d1', 'd2'],
    score: [1n, 1n],
  });

  it('reads shards, titles and 64-bit grades', async () => {
    const data = makeFolder({
      'qmsum/corpus/test-00000-of-00002.parquet': parquet({ _id: ['d1'], title: [''], text: ['First.'] }),
      'qmsum/corpus/test-00001-of-00002.parquet': parquet({ _id: ['d2'], title: [''], text: ['Second.'] }),
      'qmsum/queries/test-00000-of-00001.parquet': parquet({
        id: ['q1', 'q2'],
        text: ['Which one?', 'And then?'],
      }),
      'qmsum/qrels/test-00000-of-00001.parquet': qrels,
      'qmsum/corpus/dev-00000-of-00001.parquet': parquet({ _id: ['x'], title: [''], text: ['x'] }),
    });
    expect(await load(qmsum, data)).toEqual([SMALL]);
  });

  it('names the shard and the row of an error', async () => {
    const data = makeFolder({
      ...small('qmsum'),
      'qmsum/corpus/test-00000-of-00002.parquet': parquet({ _id: ['d1'], text: ['First.'] }),
      'qmsum/corpus/test-00001-of-00002.parquet': parquet({ _id: ['d2', 'd3'], text: ['Second.', null] }),
    });
    rmSync(join(data, 'qmsum/corpus.jsonl'));
    await expect(load(qmsum, data)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /corpus\/test-00001-of-00002\.parquet, row 2: there is no "text"\.$/),
    );
  });

  it('uses the only split, but never guesses among several', async () => {
    const files = { ...small('qmsum'), 'qmsum/qrels/validation.parquet': qrels };
    const data = makeFolder(files);
    rmSync(join(data, 'qmsum/qrels.jsonl'));
    expect(await load(qmsum, data)).toEqual([SMALL]);
    writeFileSync(join(data, 'qmsum/qrels/train.parquet'), qrels);
    await expect(load(qmsum, data)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /qrels has the splits train, validation, and none is called test/),
    );
  });
});

describe('lengths', () => {
  const row = (length: number) => ({ context_length: length });
  const files = (...lengths: number[]) => ({
    'needle/corpus.jsonl.gz': gzipSync(
      lengths
        .map((n) =>
          jsonl(
            { doc_id: 'd1', text: `One ${n}.`, ...row(n) },
            { doc_id: 'd2', text: `Two ${n}.`, ...row(n) },
          ),
        )
        .join(''),
    ),
    'needle/queries.jsonl': lengths.map((n) => jsonl({ qid: 'q1', text: `Which ${n}?`, ...row(n) })).join(''),
    'needle/qrels.jsonl': lengths.map((n) => jsonl({ qid: 'q1', doc_id: 'd2', ...row(n) })).join(''),
  });

  it('are distinguished by context_length', async () => {
    const data = makeFolder(files(256, 512, 1024));
    const found = await publishedTaskData(NEEDLE, options(data, { lengths: [256, 1024] }));
    expect(found?.splits).toMatchObject([
      { name: 'test_256', length: 256 },
      { name: 'test_1024', length: 1024 },
    ]);
    expect(await found!.splits[1]!.load()).toEqual({
      documents: [
        { id: 'd1', text: 'One 1024.' },
        { id: 'd2', text: 'Two 1024.' },
      ],
      queries: [{ id: 'q1', text: 'Which 1024?' }],
      relevance: new Map([['q1', new Map([['d2', 1]])]]),
    });
  });

  it.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    [
      'is missing',
      {},
      /queries\.jsonl has no rows of length 2048, 4096 \(context_length\): it has 256, 512\./,
    ],
    [
      'is missing in qrels',
      { 'needle/queries.jsonl': files(256, 2048, 4096)['needle/queries.jsonl'] },
      /qrels\.jsonl has no rows of length 2048, 4096 \(context_length\): it has 256, 512\./,
    ],
    [
      'is not told',
      { 'needle/queries.jsonl': QUERIES },
      /queries\.jsonl, line 1: there is no "context_length"/,
    ],
    [
      'is no length',
      { 'needle/queries.jsonl': jsonl({ qid: 'q1', text: 'a', context_length: '256' }) },
      /queries\.jsonl, line 1: "context_length" is "256": it must be/,
    ],
  ])('fail early when one %s', async (_what, changed, message) => {
    const data = makeFolder({ ...files(256, 512), ...changed });
    await expect(
      publishedTaskData(NEEDLE, options(data, { lengths: [256, 2048, 4096] })),
    ).rejects.toMatchObject(failure('ERR_INVALID_OPTION', message));
  });

  it('name the length without documents', async () => {
    const data = makeFolder({
      ...files(256),
      'needle/corpus.jsonl.gz': files(512)['needle/corpus.jsonl.gz'],
    });
    await expect(load(NEEDLE, data, { lengths: [256] })).rejects.toMatchObject(
      failure('ERR_INPUT_EMPTY', /corpus\.jsonl\.gz \(context_length 256\) holds no documents/),
    );
  });

  it('are distinguished by the splits in file names', async () => {
    const named = (length: number) => ({
      [`needle/corpus/test_${length}-00000-of-00001.parquet`]: parquet({
        _id: ['d1'],
        text: [`One ${length}.`],
      }),
      [`needle/queries/test_${length}-00000-of-00001.parquet`]: parquet({ _id: ['q1'], text: ['Which?'] }),
      [`needle/qrels/test_${length}-00000-of-00001.parquet`]: parquet({
        'query-id': ['q1'],
        'corpus-id': ['d1'],
        score: [1n],
      }),
    });
    const data = makeFolder({ ...named(256), ...named(1024) });
    const found = await publishedTaskData(NEEDLE, options(data, { lengths: [1024] }));
    expect(found?.splits).toMatchObject([{ name: 'test_1024', length: 1024 }]);
    expect((await found!.splits[0]!.load()).documents).toEqual([{ id: 'd1', text: 'One 1024.' }]);
    await expect(publishedTaskData(NEEDLE, options(data, { lengths: [512] }))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /needle: corpus has no rows of length 512 .*: it has 256, 1024\./),
    );
  });

  it('are not guessed from splits of other names', async () => {
    const data = makeFolder({
      'needle/corpus/long.jsonl': CORPUS,
      'needle/corpus/short.jsonl': CORPUS,
      'needle/queries.jsonl': QUERIES,
      'needle/qrels.jsonl': QRELS,
    });
    await expect(publishedTaskData(NEEDLE, options(data, { lengths: [512] }))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /corpus has the splits long, short, and none named like test_256/),
    );
  });
});
