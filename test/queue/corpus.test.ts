import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDocuments, sourcesOf } from '../../cli/input/input.js';
import { sourceOf } from '../../cli/shards.js';
import { Corpus, type CorpusFile } from '../../queue/corpus.js';
import { parseShard, partName, shardOfFile } from '../../queue/shard.js';
import { PassThrough } from 'node:stream';

const folder = mkdtempSync(join(tmpdir(), 'longembed-corpus-'));
const { signal } = new AbortController();

/** Ids and contents of the documents of all files, in one run and by shards. */
async function idsOf(files: readonly CorpusFile[], count: number) {
  const told = ({ id, content }: { id: unknown; content: unknown }): string =>
    JSON.stringify([id, content instanceof Error ? content.message : content]);
  const whole: string[] = [];
  const sources = files.map(({ path, format }) => sourcesOf([path], format, new PassThrough(), signal)[0]!);
  for await (const one of readDocuments(sources)) whole.push(told(one));
  const corpus = await Corpus.open(files);
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const pieces = await corpus.pieces({ index, count });
    for await (const one of readDocuments(pieces.map((piece) => sourceOf(piece, signal))))
      parts.push(told(one));
  }
  return { whole, parts };
}

describe('Corpus', () => {
  it('puts every document into exactly one shard, in order, whatever the number of shards', async () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }).map((text) => JSON.stringify({ text })),
      fc.uuid().map((id) => JSON.stringify({ id, text: 'é\u{1f600}' })),
      fc.constantFrom('', '  ', '{broken', '[]'),
    );
    const file = fc.record({
      format: fc.constantFrom('jsonl' as const, 'text' as const),
      content: fc
        .tuple(fc.array(line, { maxLength: 12 }), fc.boolean(), fc.boolean())
        .map(([lines, ends, crlf]) => lines.join(crlf ? '\r\n' : '\n') + (ends ? '\n' : '')),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        async (made, count) => {
          run += 1;
          const files = made.map(({ format, content }, i) => {
            const path = join(folder, `${run}-${i}`);
            writeFileSync(path, content);
            return { path, format };
          });
          const { whole, parts } = await idsOf(files, count);
          expect(parts).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has a missing text fail in one shard, and refuses what cannot be read from the middle', async () => {
    const files = [{ path: join(folder, 'missing.txt'), format: 'text' as const }];
    for (const count of [1, 3]) {
      const { whole, parts } = await idsOf(files, count);
      expect(parts).toEqual(whole);
      expect(parts).toHaveLength(1);
    }
    await expect(Corpus.open([{ path: '-', format: 'jsonl' }])).rejects.toThrow(
      /Standard input cannot be split/,
    );
    await expect(Corpus.open([{ path: '/dev/null', format: 'jsonl' }])).rejects.toThrow(/not a regular file/);
  });

  it.each(['jsonl', 'tokens'] as const)('refuses a file of %s that is missing, or goes', async (format) => {
    const path = join(folder, `missing.${format}`);
    const missing = { code: 'ERR_INVALID_OPTION', message: `Cannot read ${path}: there is no such file.` };
    await expect(Corpus.open([{ path, format }])).rejects.toMatchObject(missing);
    writeFileSync(path, '[1]\n');
    const [piece] = await (await Corpus.open([{ path, format }])).pieces({ index: 0, count: 1 });
    rmSync(path);
    await expect(readDocuments([sourceOf(piece!, signal)]).next()).rejects.toMatchObject(missing);
  });

  it('has a fingerprint that follows the content, not where files of lines are', async () => {
    const write = (name: string, content: string): CorpusFile => {
      writeFileSync(join(folder, name), content);
      return { path: join(folder, name), format: 'jsonl' };
    };
    const print = async (file: CorpusFile): Promise<string> =>
      (await Corpus.open([file])).identity.fingerprint;
    const one = await print(write('a.jsonl', '{"text":"a"}\n'));
    expect(await print(write('b.jsonl', '{"text":"a"}\n'))).toBe(one);
    expect(await print(write('c.jsonl', '{"text":"b"}\n'))).not.toBe(one);
  });
});

describe('shards', () => {
  it('are counted from 0', () => {
    expect(parseShard('3/64')).toEqual({ index: 3, count: 64 });
    expect(parseShard('all/64')).toEqual({ index: 'all', count: 64 });
    expect(() => parseShard('64/64')).toThrow(/counted from 0, so the last one is 63\/64/);
    for (const wrong of ['', '3', '-1/4', '1/0', '1/4/5', '0/100001', 'a/4']) {
      expect(() => parseShard(wrong)).toThrow(/must be i\/n/);
    }
  });

  it('have files that name them', () => {
    const shard = { index: 3, count: 64 };
    expect(partName(shard)).toBe('part-00003-of-00064');
    expect(shardOfFile(`${partName(shard)}.npy.jsonl`)).toEqual(shard);
    expect(shardOfFile('run.json')).toBeNull();
  });
});
