import { createHash } from 'node:crypto';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Store } from '../../../bench/runner/cache/store.js';
import { contentSha256 } from '../../../bench/runner/model-files.js';
import { modelFiles } from '../../../lib/model-files.js';
import { limited } from '../../../bench/runner/data.js';
import { uniqueIds } from '../../../bench/runner/models.js';
import { bench, modelFile, newFolder } from './world.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('models', () => {
  it('with the same name are numbered', () => {
    expect(uniqueIds(['a', 'b', 'a', 'a-2', 'a'])).toEqual(['a', 'b', 'a-2', 'a-2-2', 'a-3']);
  });

  it('are refused when one is given twice, under any name', async () => {
    const path = modelFile();
    const link = join(newFolder(), 'link.gguf');
    symlinkSync(path, link);
    await expect(bench({ models: [path, path] })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: `The model ${path} is given twice.`,
    });
    await expect(bench({ models: [path, link] })).rejects.toMatchObject({
      message: `The models ${path} and ${link} are the same file.`,
    });
  });

  it('with several files have the hash of all', () => {
    expect(modelFiles('m.gguf')).toEqual(['m.gguf']);
    expect(modelFiles('m-00001-of-00003.gguf')).toEqual([
      'm-00001-of-00003.gguf',
      'm-00002-of-00003.gguf',
      'm-00003-of-00003.gguf',
    ]);
  });

  it('are identified by their content, which is read again only after a change', async () => {
    const store = await Store.open(newFolder());
    const [path, second] = [modelFile('a', 'one'), modelFile('b', 'more')];
    const { signal } = new AbortController();
    let reads = 0;
    const hash = (files: string[]) => contentSha256(files, store, signal, () => reads++);
    expect(await hash([path])).toBe(sha256('one'));
    expect(reads).toBe(1);
    expect(await hash([path])).toBe(sha256('one'));
    expect(reads).toBe(1);
    expect(await hash([path, second])).toBe(sha256('onemore'));
    writeFileSync(path, 'two');
    utimesSync(path, new Date(0), new Date(0));
    expect(await hash([path])).toBe(sha256('two'));
    await expect(hash([join(newFolder(), 'gone')])).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
  });
});

describe('limited', () => {
  const dataset = {
    documents: ['d1', 'd2', 'd3'].map((id) => ({ id, text: id })),
    queries: ['q1', 'q2', 'q3'].map((id) => ({ id, text: id })),
    relevance: new Map([
      ['q1', new Map([['d1', 1]])],
      // The last does not answer it.
      [
        'q2',
        new Map([
          ['d2', 2],
          ['d3', 0],
        ]),
      ],
      [
        'q3',
        new Map([
          ['d1', 1],
          ['d3', 1],
        ]),
      ],
    ]),
  };

  it('keeps the first documents and the queries that they answer', () => {
    expect(limited(dataset, 2)).toEqual({
      documents: dataset.documents.slice(0, 2),
      queries: dataset.queries.slice(0, 2),
      relevance: new Map([
        ['q1', new Map([['d1', 1]])],
        ['q2', new Map([['d2', 2]])],
      ]),
    });
  });

  it('changes nothing when there are fewer', () => {
    expect(limited(dataset, null)).toBe(dataset);
    expect(limited(dataset, 3)).toBe(dataset);
  });
});
