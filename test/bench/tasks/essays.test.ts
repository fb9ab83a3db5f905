import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needle } from '../../../bench/tasks/needle.js';
import { readEssays } from '../../../bench/tasks/synthetic/essays.js';
import { facts } from '../../../bench/tasks/synthetic/word-lists.js';
import { folderOf, generated, options, sha256, words } from './helpers.js';

/** Sentences that can be told apart, of nine words each. */
const essay = (name: string, sentences: number): string =>
  Array.from(
    { length: sentences },
    (_, index) => `This is sentence ${index} of the essay called ${name}.`,
  ).join('\n');

const essays = () =>
  folderOf({ 'a.txt': essay('one', 700), 'B.TXT': essay('two', 700), 'c.md': essay('no', 9) });

describe('needle in essays', () => {
  it("hides facts in the folder's text, and names it as the origin", async () => {
    const folder = await essays();
    const messages: string[] = [];
    const given = options({
      essays: folder,
      lengths: [256, 8192],
      onMessage: (text) => messages.push(text),
    });
    const { origin, splits } = await needle.open(given);
    expect(origin).toBe(`generated in essays of ${folder}, seed 42`);
    expect(messages).toEqual([]);
    const { documents } = await splits[0]!.load();
    expect(documents).toHaveLength(100);
    for (const { text } of documents) {
      const fact = facts().find((candidate) => text.includes(candidate.text))!;
      const rest = text.replace(fact.text, '').replace(/ {2}/, ' ').trim();
      expect(rest).toMatch(/^(This is sentence \d+ of the essay called (one|two)\.( |$))+$/);
      const numbers = [...rest.matchAll(/sentence (\d+)/g)].map(([, number]) => Number(number));
      expect(numbers.slice(1)).toEqual(numbers.slice(0, -1).map((number) => (number + 1) % 700));
      expect(words(text).length).toBeLessThanOrEqual(192);
      expect(words(text).length).toBeGreaterThan(192 - 9);
    }
  });

  it('begins every document at a different place', async () => {
    const { documents } = await generated(needle, 256, { essays: await essays() });
    const beginnings = documents.map(({ text }) => /sentence (\d+) of the essay called (\w+)/.exec(text)![0]);
    expect(new Set(beginnings).size).toBe(100);
  });

  it('is the same every time, and different for another seed', async () => {
    const folder = await essays();
    const made = sha256(await generated(needle, 512, { essays: folder }));
    expect(made).toBe('27a3c6421ab4c29c9cdc6ea0f58fba64d2209a69c479dac20a3f9f7c6fe39e9a');
    expect(sha256(await generated(needle, 512, { essays: folder }))).toBe(made);
    expect(sha256(await generated(needle, 512, { essays: folder, seed: 43 }))).not.toBe(made);
  });

  it.each([
    ['few sentences', [256], essay('short', 50), 450],
    ['fewer words than a document', [256, 1024], essay('short', 80), 720],
  ])('repeats %s, and says so', async (_, lengths, text, count) => {
    const folder = await folderOf({ 'essay.txt': text });
    const messages: string[] = [];
    const given = options({ essays: folder, lengths, onMessage: (message) => messages.push(message) });
    const { splits } = await needle.open(given);
    expect(messages).toEqual([`The essays in ${folder} have only ${count} words: documents repeat them.`]);
    const { documents } = await splits.at(-1)!.load();
    for (const document of documents) {
      expect(words(document.text).length).toBeGreaterThan(0.75 * lengths.at(-1)! - 9);
    }
  });
});

describe('readEssays', () => {
  it('reads .txt files in the order of their names, without a byte order mark', async () => {
    const folder = await folderOf({ 'b.txt': 'Second. Third', 'Z.txt': '\uFEFFFirst one.', 'empty.txt': '' });
    expect(await readEssays(folder)).toEqual({ sentences: ['First one.', 'Second.', 'Third'], words: 4 });
  });

  it.each<[string, Record<string, string | Uint8Array>, string, RegExp]>([
    [
      'no .txt file',
      { 'essay.md': 'Some text.' },
      'ERR_INVALID_OPTION',
      /has no essays: name one with \.txt files/,
    ],
    ['no text', { 'essay.txt': ' \n\n' }, 'ERR_INPUT_EMPTY', /have no text/],
    [
      'a file that is not UTF-8',
      { 'essay.txt': Buffer.from('one\ntwo \u00e9\nthree', 'latin1') },
      'ERR_INVALID_OPTION',
      /essay\.txt, line 2: this is not UTF-8/,
    ],
    [
      'a file that ends within a character',
      { 'essay.txt': Buffer.from('one\ntwo\n€').subarray(0, -1) },
      'ERR_INVALID_OPTION',
      /essay\.txt, line 3: this is not UTF-8/,
    ],
    [
      'text without spaces',
      { 'essay.txt': '吾輩は猫である'.repeat(40) },
      'ERR_INVALID_OPTION',
      /no spaces between words/,
    ],
  ])('refuses a folder with %s', async (_, files, code, message) => {
    const folder = await folderOf(files);
    await expect(readEssays(folder)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    await expect(needle.open(options({ essays: folder }))).rejects.toMatchObject({ code });
  });

  it('names a folder or file that cannot be read', async () => {
    const folder = await folderOf({ 'essay.txt': 'Some text.' });
    const read = async (path: string): Promise<unknown> => readEssays(path).catch((error: unknown) => error);
    expect(await read(join(folder, 'none'))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining(join(folder, 'none')) as string,
    });
    expect(await read(join(folder, 'essay.txt'))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await mkdir(join(folder, 'inner.txt'));
    expect(await read(folder)).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining('inner.txt') as string,
    });
  });
});
