import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type InputDocument, type InputSource, readDocuments, sourcesOf } from '../../cli/input/input.js';
import { decodeUtf8 } from '../../lib/text.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-input-'));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(
  paths: string[],
  format: InputSource['format'] | null,
  stdin = Readable.from([]),
): Promise<InputDocument[]> {
  const sources = sourcesOf(paths, format, stdin, new AbortController().signal);
  const documents: InputDocument[] = [];
  for await (const document of readDocuments(sources)) documents.push(document);
  return documents;
}

/** A string that has this part, for toMatchObject. */
const containing = (part: string): string => expect.stringContaining(part) as string;

/** A source that arrives in pieces of `size` bytes. */
async function readPieces(
  text: string,
  size: number,
  format: InputSource['format'],
): Promise<InputDocument[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return read(['-'], format, Readable.from(pieces));
}

describe('text', () => {
  it('is a document, the path its id', async () => {
    const path = file('a.txt', 'Grüße\r\n');
    expect(await read([path], null)).toEqual([{ id: path, where: path, bytes: 9, content: 'Grüße\r\n' }]);
  });

  it('drops a byte order mark', async () => {
    expect((await read([file('bom.txt', '\ufeffhello')], 'text'))[0]).toMatchObject({ content: 'hello' });
  });

  it('comes from standard input in any pieces', async () => {
    expect(await readPieces('Grüße €', 1, 'text')).toEqual([
      { id: '-', where: '-', bytes: 11, content: 'Grüße €' },
    ]);
  });

  it('fails alone when it cannot be read', async () => {
    const good = file('good.txt', 'good');
    const documents = await read([join(folder, 'none.txt'), folder, good], 'text');
    expect(documents.map(({ content }) => content)).toEqual([
      { code: 'ENOENT', message: 'there is no such file' },
      { code: 'EISDIR', message: 'it is a directory; name the files in it' },
      'good',
    ]);
  });

  it('fails when it is not UTF-8, naming the byte', async () => {
    const [document] = await read([file('latin1.txt', Buffer.from('caf\xe9 au lait', 'latin1'))], 'text');
    expect(document!.content).toMatchObject({
      code: 'ERR_TOKENIZER',
      message: containing('byte 4 is wrong'),
    });
  });
});

describe('decodeUtf8', () => {
  it.each<[number[], string]>([
    [[0xff], 'byte 0 is wrong'],
    [[0x61, 0x80], 'byte 1 is wrong'],
    [[0x61, 0xc3, 0x28], 'byte 2 is wrong'],
    [[0x61, 0xed, 0xa0, 0x80], 'byte 2 is wrong'],
    [[0x61, 0xe2, 0x82], 'ends within a character, at byte 3'],
  ])('refuses %j', (bytes, message) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(message);
  });

  it('keeps NUL', () => {
    expect(decodeUtf8(Uint8Array.of(0x61, 0, 0x62))).toBe('a\0b');
  });
});

describe('jsonl', () => {
  it('gives id and text; without an id the number of the line, over all files', async () => {
    const first = file('a.jsonl', '{"id":"x","text":"one","title":"passed over"}\n\n{"text":"two"}\r\n');
    const second = file('b.ndjson', '{"id":7,"text":"three"}\n{"text":"four"}');
    const documents = await read([first, second], null);
    expect(documents.map(({ id, content }) => [id, content])).toEqual([
      ['x', 'one'],
      [2, 'two'],
      [7, 'three'],
      [4, 'four'],
    ]);
    expect(documents.map(({ where }) => where)).toEqual([
      `${first}:1`,
      `${first}:3`,
      `${second}:1`,
      `${second}:2`,
    ]);
  });

  it('is cut at newlines however it arrives', async () => {
    const text = '{"text":"Grüße"}\n{"text":"€"}\n{"text":"a\\nb"}';
    for (const size of [1, 2, 7, 1000]) {
      const documents = await readPieces(text, size, 'jsonl');
      expect(documents.map(({ content }) => content)).toEqual(['Grüße', '€', 'a\nb']);
    }
  });

  it.each<[string, string]>([
    ['{"id": "a"}', 'has no "text"'],
    ['{"text": null}', '"text" is not a string'],
    ['["a"]', 'is not an object'],
    ['null', 'is not an object'],
    ['{"text": "a"', 'is not JSON'],
    ['{"id": null, "text": "a"}', '"id" must be'],
    ['{"id": {}, "text": "a"}', '"id" must be'],
    ['{"id": 12345678901234567890, "text": "a"}', '"id" must be'],
    ['{"id": 1e999, "text": "a"}', '"id" must be'],
  ])('fails the line %s alone', async (line, message) => {
    const documents = await readPieces(`{"text":"before"}\n${line}\n{"text":"after"}\n`, 1000, 'jsonl');
    expect(documents.map(({ id }) => id)).toEqual([0, 1, 2]);
    expect(documents[1]).toMatchObject({
      where: '-:2',
      content: { code: 'ERR_INVALID_OPTION', message: containing(message) },
    });
    expect(documents[2]!.content).toBe('after');
  });

  it('fails a line that is not UTF-8 alone', async () => {
    const path = file(
      'bad.jsonl',
      Buffer.concat([Buffer.from('{"text":"a"}\n{"text":"'), Buffer.of(0xe9), Buffer.from('"}\n')]),
    );
    expect((await read([path], null)).map(({ content }) => content)).toMatchObject([
      'a',
      { code: 'ERR_TOKENIZER' },
    ]);
  });

  it('is a failure when the file is missing', async () => {
    expect(await read([join(folder, 'none.jsonl')], null)).toMatchObject([{ content: { code: 'ENOENT' } }]);
  });
});

describe('tokens', () => {
  it('are arrays of ids, named by their line', async () => {
    const documents = await readPieces('[1, 2]\n[]\n\n[30521]\n', 1000, 'tokens');
    expect(documents.map(({ id, content }) => [id, content])).toEqual([
      [0, [1, 2]],
      [1, []],
      [3, [30521]],
    ]);
  });

  it.each<[string, string]>([
    ['{"tokens":[1]}', 'is not an array'],
    ['[1, "2"]', 'Element 1 is "2"'],
    ['[1.5]', 'Element 0 is 1.5'],
    ['[-1]', 'Element 0 is -1'],
    ['1, 2', 'is not JSON'],
  ])('fails the line %s alone', async (line, message) => {
    const [bad, good] = await readPieces(`${line}\n[3]`, 1000, 'tokens');
    expect(bad!.content).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: containing(message),
    });
    expect(good!.content).toEqual([3]);
  });
});

describe('sources', () => {
  it('are standard input when no file is named', async () => {
    expect(await read([], null, Readable.from([Buffer.from('piped')]))).toMatchObject([
      { id: '-', content: 'piped' },
    ]);
  });

  it('are not a terminal, and standard input only once', () => {
    const { signal } = new AbortController();
    const terminal = Object.assign(Readable.from([]), { isTTY: true });
    expect(() => sourcesOf([], null, terminal, signal)).toThrow('No document is given');
    expect(() => sourcesOf(['-', 'a', '-'], null, Readable.from([]), signal)).toThrow('named twice');
  });

  it('stop with the signal, even while standard input is silent', async () => {
    const controller = new AbortController();
    const silent = new Readable({ read: () => undefined });
    const documents = readDocuments(sourcesOf(['-'], 'jsonl', silent, controller.signal));
    const next = documents.next();
    controller.abort();
    await expect(next).rejects.toThrow('aborted');
  });
});
