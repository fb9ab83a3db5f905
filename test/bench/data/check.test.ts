import { describe, expect, it } from 'vitest';
import { checkDataset, type Judgement, type RawDataset, type TextRow } from '../../../bench/data/check.js';
import { datasetSha256 } from '../../../bench/data/dataset.js';
import { failure } from './folder.js';

const entries = (...rows: [id: string, text: string][]): TextRow[] =>
  rows.map(([id, text], i) => ({ id, text, file: '/data/table.jsonl', at: `line ${i + 1}` }));

const judgements = (...rows: [query: string, document: string, grade: number][]): Judgement[] =>
  rows.map(([query, document, grade], i) => ({
    query,
    document,
    grade,
    file: '/data/qrels.jsonl',
    at: `line ${i + 1}`,
  }));

const GOOD: RawDataset = {
  documents: entries(['d1', 'First.'], ['d2', 'Second.']),
  queries: entries(['q1', 'Which?'], ['q2', 'Then?']),
  judgements: judgements(['q1', 'd1', 1], ['q2', 'd2', 2], ['q2', 'd1', 0]),
  from: { corpus: '/data/corpus.jsonl', queries: '/data/queries.jsonl', qrels: '/data/qrels.jsonl' },
};

const check = (changed: Partial<RawDataset>) => () => checkDataset({ ...GOOD, ...changed });

describe('checkDataset', () => {
  it('keeps order and grades', () => {
    expect(checkDataset(GOOD)).toEqual({
      documents: [
        { id: 'd1', text: 'First.' },
        { id: 'd2', text: 'Second.' },
      ],
      queries: [
        { id: 'q1', text: 'Which?' },
        { id: 'q2', text: 'Then?' },
      ],
      relevance: new Map([
        ['q1', new Map([['d1', 1]])],
        [
          'q2',
          new Map([
            ['d2', 2],
            ['d1', 0],
          ]),
        ],
      ]),
    });
  });

  it('accepts a repeated row', () => {
    const twice = judgements(['q1', 'd1', 1], ['q2', 'd2', 1], ['q1', 'd1', 1]);
    expect(checkDataset({ ...GOOD, judgements: twice }).relevance.get('q1')).toEqual(new Map([['d1', 1]]));
  });

  it.each([
    ['documents', /^\/data\/corpus\.jsonl holds no documents\.$/],
    ['queries', /^\/data\/queries\.jsonl holds no queries\.$/],
    ['judgements', /^\/data\/qrels\.jsonl holds no relevance grades\.$/],
  ])('refuses no %s', (what, message) => {
    expect(check({ [what]: [] })).toThrow(expect.objectContaining(failure('ERR_INPUT_EMPTY', message)));
  });

  it('names the first few bad rows and their number', () => {
    const repeated = Array<[string, string]>(5).fill(['d1', 'c']);
    const documents = entries(['d1', 'a'], ['d2', 'b'], ...repeated);
    expect(check({ documents })).toThrow(
      '/data/corpus.jsonl has documents with an id that is already used: 5, the first of them ' +
        '"d1" (table.jsonl, line 3), "d1" (table.jsonl, line 4), "d1" (table.jsonl, line 5).',
    );
  });

  it.each<[string, Partial<RawDataset>, string, RegExp]>([
    [
      'an id of two queries',
      { queries: entries(['q1', 'a'], ['q2', 'b'], ['q2', 'c']) },
      'ERR_INVALID_OPTION',
      /queries\.jsonl has queries with an id that is already used: "q2" \(table\.jsonl, line 3\)\.$/,
    ],
    [
      'an empty document',
      { documents: entries(['d1', 'a'], ['d2', ' \n']) },
      'ERR_INPUT_EMPTY',
      /corpus\.jsonl has documents with an empty text: "d2" \(table\.jsonl, line 2\)\.$/,
    ],
    [
      'an empty query',
      { queries: entries(['q1', ''], ['q2', 'a']) },
      'ERR_INPUT_EMPTY',
      /queries\.jsonl has queries with an empty text: "q1" \(table\.jsonl, line 1\)\.$/,
    ],
    [
      'an unknown query',
      { judgements: judgements(['q1', 'd1', 1], ['q2', 'd1', 1], ['q3', 'd1', 1]) },
      'ERR_INVALID_OPTION',
      /qrels\.jsonl names queries that \/data\/queries\.jsonl does not have: "q3" \(qrels\.jsonl, line 3\)\.$/,
    ],
    [
      'an unknown document',
      { judgements: judgements(['q1', 'd9', 1], ['q2', 'd1', 1]) },
      'ERR_INVALID_OPTION',
      /qrels\.jsonl names documents that \/data\/corpus\.jsonl does not have: "d9" \(qrels\.jsonl, line 1\)\.$/,
    ],
    [
      'two grades for one pair',
      { judgements: judgements(['q1', 'd1', 1], ['q2', 'd1', 1], ['q1', 'd1', 2]) },
      'ERR_INVALID_OPTION',
      /qrels\.jsonl gives different grades to the same query and document: "q1" \(qrels\.jsonl, line 3\)\.$/,
    ],
    [
      'a query without an answer',
      { judgements: judgements(['q1', 'd1', 1]) },
      'ERR_INVALID_OPTION',
      /queries\.jsonl has queries without a relevant document .*"q2" \(table\.jsonl, line 2\)\.$/,
    ],
    [
      'a query whose only grade is 0',
      { judgements: judgements(['q1', 'd1', 1], ['q2', 'd1', 0]) },
      'ERR_INVALID_OPTION',
      /queries\.jsonl has queries without a relevant document .*"q2"/,
    ],
  ])('refuses %s', (_what, changed, code, message) => {
    expect(check(changed)).toThrow(expect.objectContaining(failure(code, message)));
  });
});

describe('datasetSha256', () => {
  const good = datasetSha256(checkDataset(GOOD));
  const of = (changed: Partial<RawDataset>): string => datasetSha256(checkDataset({ ...GOOD, ...changed }));

  it('is the same for the same data, whatever the order of the grades', () => {
    expect(good).toMatch(/^[0-9a-f]{64}$/);
    expect(of({ judgements: GOOD.judgements.toReversed() })).toBe(good);
  });

  it.each<[string, Partial<RawDataset>]>([
    ['a text', { documents: entries(['d1', 'First!'], ['d2', 'Second.']) }],
    ['the order of documents', { documents: GOOD.documents.toReversed() }],
    ['the order of queries', { queries: GOOD.queries.toReversed() }],
    ['a grade', { judgements: judgements(['q1', 'd1', 1], ['q2', 'd2', 1], ['q2', 'd1', 0]) }],
    ['an answer', { judgements: judgements(['q1', 'd2', 1], ['q2', 'd2', 2], ['q2', 'd1', 0]) }],
    ['where one text ends', { queries: entries(['q1', 'Which?["query"'], ['q2', 'Then?']) }],
  ])('tells %s', (_what, changed) => {
    expect(of(changed)).not.toBe(good);
  });
});
