/** `makePairs`, on documents of a few lines. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePairs } from '../../lib/index.js';
import { newPath } from './helpers.js';

interface Made {
  query: string;
  positive: string;
}

const PARAGRAPH =
  'The river rises in the hills above the town. It turns four mills before it reaches the bridge. ' +
  'In spring the water covers the meadows on both banks. The herons leave when the frost comes.';
const OTHER =
  'A lease ends on the day that the parties wrote into it. Either of them may end it before for good cause. ' +
  'The notice has to be in writing and reach the other side. Rent that was paid ahead is returned within a month.';

function documents(files: Record<string, string | Uint8Array>): string {
  const folder = newPath('');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const read = (path: string): Made[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Made);

async function madeOf(files: Record<string, string | Uint8Array>): Promise<Made[]> {
  const output = newPath('.jsonl');
  await makePairs(documents(files), output);
  return read(output);
}

describe('pairs', () => {
  it('are of titles and paragraphs, and of sentences and the rest of theirs', async () => {
    const made = await madeOf({ 'a.md': `# Rivers\n\n## The *upper* [Wey](http://x)\n\n${PARAGRAPH}\n` });
    const { positive } = made[0]!;
    expect(made[0]!.query).toBe('Rivers: The *upper* Wey');
    const sentences = PARAGRAPH.split(/(?<=\.) /);
    expect(made).toHaveLength(2);
    expect(sentences).toContain(made[1]!.query);
    for (const pair of made) {
      expect(pair.positive).toBe(positive);
      expect(positive).toBe(sentences.filter((sentence) => sentence !== made[1]!.query).join(' '));
    }
  });

  it('take a short first line of plain text as the title', async () => {
    const made = await madeOf({ 'a.txt': `On leases\r\n\r\n${OTHER.replaceAll('. ', '.\r\n')}\r\n` });
    expect(made[0]!.query).toBe('On leases');
    expect(OTHER.replace(`${made[1]!.query} `, '').replace(` ${made[1]!.query}`, '')).toBe(made[0]!.positive);
  });

  it('come once, and leave out code and tables of marks', async () => {
    const twice = await madeOf({
      'a.md': `# One\n\n${PARAGRAPH}\n\n\`\`\`js\nlet secret = 1;\n\`\`\`\n\n| a | b |\n|---|---|\n`,
      'b/c.markdown': `# Two\n\n${PARAGRAPH.toUpperCase()}\n`,
      'ignored.pdf': '%PDF-1.4',
    });
    expect(JSON.stringify(twice)).not.toMatch(/secret|Two/);
    expect(new Set(twice.map(({ query }) => query)).size).toBe(twice.length);
  });

  it('stay below the length that was asked for', async () => {
    const output = newPath('.jsonl');
    const text = `# Long\n\n${Array.from({ length: 40 }, (_, i) => `Sentence number ${i} is about something else.`).join(' ')} ${'x'.repeat(900)}`;
    await makePairs(documents({ 'a.md': text }), output, { maxCharacters: 300 });
    const made = read(output);
    expect(made.length).toBeGreaterThan(8);
    expect(Math.max(...made.map(({ positive }) => positive.length))).toBeLessThanOrEqual(300);
  });

  it('are the same each time, and whole documents are held out', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [
        `${i}.md`,
        `# Number ${i}\n\n${PARAGRAPH.replaceAll(/(\w+)/g, `$1${i}`)}`,
      ]),
    );
    const folder = documents(files);
    const runs = [];
    for (let run = 0; run < 2; run += 1) {
      const [output, dev] = [newPath('.jsonl'), newPath('.jsonl')];
      const made = await makePairs(folder, output, { dev, devShare: 0.2 });
      expect(made).toMatchObject({
        documents: 10,
        failed: 0,
        pairs: read(output).length,
        devPairs: read(dev).length,
      });
      runs.push({ pairs: read(output), dev: read(dev) });
    }
    expect(runs[0]).toEqual(runs[1]);
    const titles = (pairs: Made[]): string[] =>
      pairs.map(({ query }) => query).filter((q) => q.startsWith('Number'));
    expect(titles(runs[0]!.dev)).toHaveLength(2);
    expect(titles(runs[0]!.pairs)).toHaveLength(8);
  });
});

it.each(['[', '![', '[a](', '![](', '[a][', '<', '**', '`', '| '])(
  'a line of nothing but %s takes no time',
  async (mark) => {
    const made = await madeOf({ 'a.md': `# Rivers\n\n${mark.repeat(100_000)}\n\n${PARAGRAPH}\n` });
    expect(made.length).toBeGreaterThan(0);
  },
);

it('leaves out the addresses of links, and the brackets in them', async () => {
  const text = OTHER.replace('lease', '[lease](http://x/Lease_(law))').replace(
    'notice',
    '![n](y) [notice][1]',
  );
  const [pair] = await madeOf({ 'a.md': `# Leases\n\n${text}\n` });
  expect(OTHER).toContain(pair!.positive.split(/(?<=\.) /)[0]);
  expect(pair!.positive).not.toMatch(/[[\]()]/);
});

it('reads a document once, whatever links lead to its folder, and no folder with a name of one', async () => {
  const folder = documents({ 'a.md': `# One\n\n${PARAGRAPH}`, 'folder.md/b.txt': OTHER });
  symlinkSync('.', join(folder, 'self'));
  symlinkSync('folder.md', join(folder, 'other.md'));
  expect(await makePairs(folder, newPath('.jsonl'))).toMatchObject({ documents: 2, failed: 0 });
});

it('replaces neither one output by the other nor a document', async () => {
  const folder = documents({ 'a.md': `# One\n\n${PARAGRAPH}`, 'b.md': `# Two\n\n${OTHER}` });
  const output = newPath('.jsonl');
  const link = newPath('');
  symlinkSync(join(output, '..'), link);
  const linked = join(link, basename(output));
  for (const dev of [output, linked]) {
    await expect(makePairs(folder, output, { dev })).rejects.toThrow(/the same file/);
    expect(existsSync(output)).toBe(false);
  }
  const document = join(folder, 'b.md');
  const same = newPath('.jsonl');
  symlinkSync(document, same);
  for (const taken of [document, same]) {
    for (const [path, dev] of [[taken], [output, taken]] as const)
      await expect(makePairs(folder, path, { dev, overwrite: true })).rejects.toThrow(/the same file/);
  }
  expect(readFileSync(document, 'utf8')).toContain(OTHER);
});

describe('documents that cannot be used', () => {
  it('are named, and the others are used', async () => {
    const folder = documents({
      'a.md': `# One\n\n${PARAGRAPH}`,
      'b.txt': Uint8Array.of(0xff, 0xfe, 0x41, 0),
    });
    const failed: string[] = [];
    const output = newPath('.jsonl');
    const made = await makePairs(folder, output, {
      onError: (path, { code }) => failed.push(`${path} ${code}`),
    });
    expect(made).toMatchObject({ documents: 1, failed: 1 });
    expect(failed).toEqual([`${join(folder, 'b.txt')} ERR_TOKENIZER`]);
    const other = newPath('.jsonl');
    await expect(makePairs(folder, other)).rejects.toMatchObject({ code: 'ERR_TOKENIZER' });
    expect(existsSync(other)).toBe(false);
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    ['nothing of prose', { 'a.md': '# Title only\n' }, 'ERR_INPUT_EMPTY', /give no pairs/],
    ['no documents', { 'a.csv': 'a,b' }, 'ERR_INVALID_OPTION', /holds no \.txt, \.md, \.markdown files/],
  ])('%s', async (_name, files, code, message) => {
    const output = newPath('.jsonl');
    await expect(makePairs(documents(files), output)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(output)).toBe(false);
  });

  it('no folder, one document to hold out, an output that exists', async () => {
    const folder = documents({ 'a.md': `# One\n\n${PARAGRAPH}` });
    const output = newPath('.jsonl');
    await expect(makePairs(join(folder, 'no'), output)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(makePairs(join(folder, 'a.md'), output)).rejects.toThrow(/is a file/);
    await expect(makePairs(folder, output, { dev: newPath('.jsonl') })).rejects.toThrow(/a single document/);
    await makePairs(folder, output);
    await expect(makePairs(folder, output)).rejects.toThrow(/exists/);
    await makePairs(folder, output, { overwrite: true });
  });
});
