import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../bench/data/dataset.js';
import { needle } from '../../../bench/tasks/needle.js';
import { passkey } from '../../../bench/tasks/passkey.js';
import { facts } from '../../../bench/tasks/synthetic/word-lists.js';
import { chiSquare, folderOf, generated, options, sha256, words } from './helpers.js';

/** The 0.999 quantile of chi-square with 9 degrees of freedom. */
const SPREAD = 27.88;

const PAPER = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

const KEY_SENTENCE = /(\w+ \w+)'s pass key is (\d{5})\. Remember it\. \2 is the pass key for \1\./;

/** Where a needle begins, as a part of the words around it. */
function placeOf(needle: string, text: string): number {
  const before = text.slice(0, text.indexOf(needle)).trim();
  const count = before === '' ? 0 : words(before).length;
  return count / (words(text).length - words(needle).length);
}

/** The one document that a query is for. */
function answerTo(dataset: Dataset, query: string): string {
  const [[id, grade]] = [...dataset.relevance.get(query)!] as [[string, number]];
  expect(grade).toBe(1);
  return dataset.documents.find((document) => document.id === id)!.text;
}

describe.each([
  [passkey, 4],
  [needle, 40],
])('$name', (task, longestSentence) => {
  it.each([...PAPER.slice(0, 5), 257, 999])(
    'has 100 documents and 50 queries of %i tokens',
    async (length) => {
      const { documents, queries, relevance } = await generated(task, length);
      expect(documents).toHaveLength(100);
      expect(queries).toHaveLength(50);
      expect(documents.map(({ id }) => id)).toEqual(
        Array.from({ length: 100 }, (_, index) => `${task.name}_${length}_d${index}`),
      );
      expect(queries.map(({ id }) => id)).toEqual(
        Array.from({ length: 50 }, (_, index) => `${task.name}_${length}_q${index}`),
      );
      expect([...relevance.keys()]).toEqual(queries.map(({ id }) => id));
      const asked = [...relevance.values()].flatMap((grades) => [...grades.keys()]);
      expect(new Set(asked).size).toBe(50);
      expect(new Set(queries.map(({ text }) => text)).size).toBe(50);
      for (const { text } of documents) {
        expect(words(text).length).toBeLessThanOrEqual(0.75 * length);
        expect(words(text).length).toBeGreaterThan(0.75 * length - longestSentence);
      }
    },
  );

  it('knows where in its document the fact of each query stands', async () => {
    const dataset = await generated(task, 1024);
    expect([...dataset.depths!.keys()]).toEqual(dataset.queries.map(({ id }) => id));
    for (const { id, text } of dataset.queries) {
      const document = answerTo(dataset, id);
      const fact =
        task === passkey
          ? KEY_SENTENCE.exec(document)![0]
          : facts().find(({ query }) => query === text)!.text;
      const before = document.indexOf(fact) / (document.length - fact.length);
      expect(Math.abs(dataset.depths!.get(id)! - before)).toBeLessThan(0.01);
    }
  });

  it('has an order that does not reveal the document of a query', async () => {
    const { relevance } = await generated(task, 256);
    const order = [...relevance.values()].map((grades) => Number(/\d+$/.exec([...grades.keys()][0]!)![0]));
    const ascending = order.filter((number, index) => index > 0 && number > order[index - 1]!).length;
    expect(ascending).toBeGreaterThan(14);
    expect(ascending).toBeLessThan(35);
    expect(chiSquare(order.map((number) => number / 100))).toBeLessThan(SPREAD);
  });

  it('is the same every time, regardless of the other lengths', async () => {
    const alone = await generated(task, 512);
    const { splits } = await task.open(options({ lengths: [256, 512, 1024] }));
    expect(splits.map(({ name, length }) => [name, length])).toEqual([
      ['test_256', 256],
      ['test_512', 512],
      ['test_1024', 1024],
    ]);
    await splits[2]!.load();
    expect(sha256(await splits[1]!.load())).toBe(sha256(alone));
    expect(sha256(await splits[1]!.load())).toBe(sha256(alone));
  });

  it('changes everything with the seed or the length', async () => {
    const { documents, queries, relevance } = await generated(task, 512);
    const dealt = ({ documents, relevance, queries }: Dataset) =>
      queries.map(({ id, text }) => [
        text,
        documents.findIndex((document) => relevance.get(id)!.has(document.id)),
      ]);
    for (const other of [await generated(task, 512, { seed: 43 }), await generated(task, 513)]) {
      expect(other.documents.filter(({ text }, index) => text === documents[index]!.text)).toEqual([]);
      expect(other.queries.map(({ text }) => text)).not.toEqual(queries.map(({ text }) => text));
      const same = new Set(dealt(other).map(String));
      const kept = dealt({ documents, queries, relevance }).filter((pair) => same.has(String(pair)));
      expect(kept.length).toBeLessThan(5);
    }
  });

  it('accepts large and small seeds', async () => {
    const seeds = [0, 1, 2 ** 32, 2 ** 53 - 1];
    const made = await Promise.all(seeds.map(async (seed) => sha256(await generated(task, 256, { seed }))));
    expect(new Set(made).size).toBe(seeds.length);
  });

  it.each([[[]], [[255]], [[256, 300.5]], [[-1]], [[NaN]], [[2 ** 20 + 1]]])(
    'refuses the lengths %j',
    async (lengths) => {
      await expect(task.open(options({ lengths }))).rejects.toMatchObject({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringMatching(/name at least one|whole numbers from 256 to 1048576/) as string,
      });
    },
  );

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const { splits } = await task.open(options({ signal: controller.signal }));
    await splits[0]!.load();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(splits[0]!.load()).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: reason });
  });

  it('reads the published data if present, and reports if not', async () => {
    const folder = await folderOf({});
    const messages: string[] = [];
    const given = options({ data: folder, onMessage: (message) => messages.push(message) });
    expect((await task.open(given)).origin).toBe('generated, seed 42');
    expect(messages).toEqual([`${folder} does not have ${task.name}: it is generated.`]);

    const rows = {
      corpus: { doc_id: 'd', text: 'a document', context_length: 256 },
      queries: { qid: 'q', text: 'a query', context_length: 256 },
      qrels: { qid: 'q', doc_id: 'd', context_length: 256 },
    };
    await mkdir(join(folder, task.name));
    for (const [name, row] of Object.entries(rows)) {
      await writeFile(join(folder, task.name, `${name}.jsonl`), `${JSON.stringify(row)}\n`);
    }
    const { origin, splits } = await task.open(given);
    expect(origin).toContain(folder);
    expect((await splits[0]!.load()).documents).toEqual([{ id: 'd', text: 'a document' }]);
  });

  it('generates the longest documents of the paper quickly', async () => {
    const { splits } = await task.open(options({ lengths: PAPER }));
    const begun = performance.now();
    const { documents } = await splits.at(-1)!.load();
    // a tenth of a second to one on a quiet machine
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(words(documents[0]!.text).length).toBeGreaterThan(0.75 * 32_768 - longestSentence);
  });
});

describe('passkey', () => {
  it('has not changed: different words, names or draws would change the results of a seed', async () => {
    expect(sha256(await generated(passkey, 256))).toBe(
      'e01c9950ded21e6bc936bd4a156dabf8c12ed29345f9f4445d1b6786d7db4d81',
    );
    expect(sha256(await generated(passkey, 2048))).toBe(
      '6500ee2d54c3d6221731a6590f865d5d6277c23efd8ed6d64d60c69e21d87c50',
    );
  });

  it('has a different person and key in every document, in the paper’s filler', async () => {
    const { documents } = await generated(passkey, 1024);
    const found = documents.map(({ text }) => KEY_SENTENCE.exec(text)!);
    expect(new Set(found.map(([, name]) => name)).size).toBe(100);
    expect(new Set(found.map(([, , key]) => key)).size).toBe(100);
    const filler =
      'The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. ';
    for (const [index, { text }] of documents.entries()) {
      const rest = text.replace(found[index]![0], '').replace(/ {2}/, ' ').trim();
      expect(filler.repeat(100).startsWith(rest)).toBe(true);
    }
  });

  it('asks for a person whose key is in that document alone', async () => {
    const dataset = await generated(passkey, 512);
    for (const { id, text } of dataset.queries) {
      const [, name] = /^what is the pass key for (\w+ \w+)\?$/.exec(text)!;
      expect(KEY_SENTENCE.exec(answerTo(dataset, id))![1]).toBe(name);
      expect(dataset.documents.filter((document) => document.text.includes(name!))).toHaveLength(1);
    }
  });

  it('spreads its keys evenly', async () => {
    const places: number[] = [];
    for (const length of PAPER.slice(1, 6)) {
      for (const { text } of (await generated(passkey, length)).documents) {
        places.push(placeOf(KEY_SENTENCE.exec(text)![0], text));
      }
    }
    expect(chiSquare(places)).toBeLessThan(SPREAD);
  });
});

describe('needle', () => {
  it('has not changed: different words, facts or draws would change the results of a seed', async () => {
    expect(sha256(await generated(needle, 256))).toBe(
      'bf8970deca019777b80940ddcfb2afdd9610a9345eda2ce64b670fc5ea582ec6',
    );
    expect(sha256(await generated(needle, 2048))).toBe(
      'db225a4c8b29e8a29c9fe35d09237330c09dbe446f0aff00dcfdd898297a3584',
    );
  });

  it('hides every fact in one document, and asks for that document', async () => {
    const dataset = await generated(needle, 1024);
    const { documents, queries } = dataset;
    for (const { text, answer } of facts()) {
      expect(documents.filter((document) => document.text.includes(text))).toHaveLength(1);
      expect(documents.filter((document) => document.text.includes(answer))).toHaveLength(1);
    }
    for (const { id, text } of queries) {
      const fact = facts().find(({ query }) => query === text)!;
      expect(answerTo(dataset, id)).toContain(fact.text);
    }
  });

  it('spreads its facts evenly, between sentences', async () => {
    const places: number[] = [];
    for (const length of PAPER.slice(1, 5)) {
      for (const { text } of (await generated(needle, length)).documents) {
        const fact = facts().find((candidate) => text.includes(candidate.text))!;
        const at = text.indexOf(fact.text);
        expect(text.slice(0, at)).toMatch(/^$|\. $/);
        expect(text.slice(at + fact.text.length)).toMatch(/^$|^ [A-Z]/);
        places.push(placeOf(fact.text, text));
      }
    }
    expect(chiSquare(places)).toBeLessThan(SPREAD);
  });

  it('has different prose in every document', async () => {
    const { documents } = await generated(needle, 1024);
    const sentences = documents.flatMap(({ text }) => text.split(/(?<=\.) (?=[A-Z])/));
    expect(new Set(sentences).size).toBeGreaterThan(0.9 * sentences.length);
  });
});
