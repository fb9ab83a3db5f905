/** Folders of data for the tests. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Task, TaskOptions } from '../../../bench/tasks/task.js';

export type Content = string | Uint8Array;

/** Writes files into a new folder and gives its path. */
export function makeFolder(files: Readonly<Record<string, Content>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-data-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export function jsonl(...rows: unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** A small data set in the authors' layout. */
export const CORPUS = jsonl({ doc_id: 'd1', text: 'First.' }, { doc_id: 'd2', text: 'Second.' });
export const QUERIES = jsonl({ qid: 'q1', text: 'Which one?' }, { qid: 'q2', text: 'And then?' });
export const QRELS = jsonl({ qid: 'q1', doc_id: 'd1' }, { qid: 'q2', doc_id: 'd2' });

export function small(folder: string): Record<string, Content> {
  return {
    [`${folder}/corpus.jsonl`]: CORPUS,
    [`${folder}/queries.jsonl`]: QUERIES,
    [`${folder}/qrels.jsonl`]: QRELS,
  };
}

/** A synthetic task, of which only the name and the kind matter here. */
export const NEEDLE: Task = {
  name: 'needle',
  title: 'Needle',
  mtebName: 'LEMBNeedleRetrieval',
  kind: 'synthetic',
  mainMetric: 'accuracy_at_1',
  split: null,
  published: { revision: '', documents: 100, queries: 50 },
  open: () => Promise.reject(new Error('not used')),
};

export function options(
  data: string | null,
  more: Partial<TaskOptions> = {},
): TaskOptions & { messages: string[] } {
  const messages: string[] = [];
  return {
    data,
    essays: null,
    seed: 0,
    lengths: [],
    signal: undefined,
    onMessage: (message) => void messages.push(message),
    messages,
    ...more,
  };
}

/** What a LongEmbedError says, for toMatchObject and rejects. */
export function failure(code: string, message: RegExp): { code: string; message: string } {
  return { code, message: expect.stringMatching(message) as string };
}
