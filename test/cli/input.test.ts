import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type InputDocument, type InputSource, readDocuments, sourcesOf } from '../../cli/input/input.js';
import type { JsonlKeys } from '../../cli/input/formats.js';
import { expandFolders, filesFrom } from '../../cli/input/files.js';
import { Interrupted, UsageError } from '../../cli/exit.js';
import { decodeUtf8 } from '../../lib/text.js';
import type { DocumentFailure } from '../../lib/vector-file/rows.js';

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
  keys?: JsonlKeys,
  idsAsStrings = false,
): Promise<InputDocument[]> {
  const sources = sourcesOf(paths, format, stdin, new AbortController().signal);
  const documents: InputDocument[] = [];
  for await (const document of readDocuments(sources, keys, idsAsStrings)) documents.push(document);
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

it('fails a text that is named twice, whose results could not be told apart', async () => {
  const [one, other] = [file('one.txt', 'one'), file('other.txt', 'other')];
  expect(await read([one, other, one], null)).toMatchObject([
    { id: one, content: 'one' },
    { id: other, content: 'other' },
    { id: one, content: { code: 'ERR_INVALID_OPTION', message: containing('of an earlier document') } },
  ]);
});

describe('what is no text', () => {
  const utf16 = (text: string, bom: boolean): Buffer => Buffer.from(bom ? `\ufeff${text}` : text, 'utf16le');
  const failing: [string, Uint8Array, string][] = [
    ['UTF-16', utf16('hello from PowerShell', true), 'The text is UTF-16. Convert'],
    ['UTF-16, big-endian', utf16('grüße', true).swap16(), 'not UTF-8, but UTF-16: byte 0 is wrong'],
    ['UTF-16 without a mark', utf16('hello from PowerShell', false), 'UTF-16 without a byte order mark'],
    ['zeros', new Uint8Array(1000), 'binary data with many NUL bytes'],
    ['a binary PDF', Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), 'a PDF, whose text'],
    [
      'gzip',
      gzipSync('a text '.repeat(100)),
      'The text is compressed by gzip, and has to be unpacked first.',
    ],
    [
      'a .docx',
      Buffer.from('PK\x03\x04\x14\0\x06\0\x08\xff', 'latin1'),
      'The text is a zip archive, as .docx',
    ],
  ];
  it.each(failing)('fails by its name: %s', async (_name, bytes, message) => {
    const [document] = await read([file('no-text', bytes)], 'text');
    expect(document!.content).toMatchObject({ code: 'ERR_TOKENIZER', message: containing(message) });
  });

  it.each([
    ['a.txt', '%PDF-1.4 ascii', 'this is a PDF'],
    ['a.csv', 'a,b', 'this is a table'],
    ['a.json', ' [{"text": "a"}]\n', 'this is a JSON array'],
    ['a.tokens', '[5, 6]\n[7]\n', 'this is a JSON array'],
    ['b.json', '{"id": "a", "text": "b"}\n{"id": "c", "text": "d"}\n', 'these are lines of JSON'],
  ])('is warned of and read all the same: %s', async (name, content, warning) => {
    expect(await read([file(name, content)], null)).toMatchObject([
      { content, warning: containing(warning) },
    ]);
  });

  it.each(['[a note in brackets]', 'costs [1]', '{"pretty":\n  "JSON"}', '{braces}', 'NULs \0\0\0\0\0\0\0'])(
    'is not %j',
    async (content) => {
      const [document] = await read([file('text.txt', content)], null);
      expect([document!.content, document!.warning]).toEqual([content, undefined]);
    },
  );
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
    const first = file('a.jsonl', '{"id":"x","text":"one","url":"passed over"}\n\n{"text":"two"}\r\n');
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

  it.each<[string, string | number, string]>([
    ['{"_id":"x","title":"T","text":"one"}', 'x', 'T one'],
    ['{"id":"x","contents":"one"}', 'x', 'one'],
    ['{"docid":"x","title":"","content":"one"}', 'x', 'one'],
    ['{"doc_id":3,"title":null,"text":"one"}', 3, 'one'],
    ['{"text":"one","contents":"other","_id":"y","id":"x","title":" "}', 'x', 'one'],
    ['{"pid":"x","text":"one"}', 0, 'one'],
  ])('takes the keys of BEIR and Pyserini: %s', async (line, id, content) => {
    expect(await read([file('keys.jsonl', line)], null)).toMatchObject([{ id, content }]);
  });

  it('takes the keys that it is told, and then no title', async () => {
    const path = file(
      'own.jsonl',
      '{"id":1,"pid":"x","title":"T","text":"t","body":"b"}\n{"pid":"y","text":"t"}',
    );
    const documents = await read([path], null, undefined, { id: 'pid', text: 'body' });
    expect(documents).toMatchObject([
      { id: 'x', content: 'b' },
      {
        id: 'y',
        content: { code: 'ERR_INVALID_OPTION', message: containing('no "body" (its keys: pid, text)') },
      },
    ]);
    expect(await read([path], null, undefined, { id: null, text: 'text' })).toMatchObject([
      { id: 1, content: 't' },
      { id: 1, content: { message: containing('The id 1 is that of an earlier document') } },
    ]);
  });

  it('fails a document whose id was there before, over all files', async () => {
    const first = file('ids-1.jsonl', '{"id":"a","text":"1"}\n{"id":"1","text":"2"}\n{"id":"a","text":"3"}');
    const second = file('ids-2.jsonl', '{"_id":"a","text":"4"}\n{"id":1,"text":"5"}');
    const documents = await read([first, second], null);
    expect(documents.map(({ id }) => id)).toEqual(['a', '1', 'a', 'a', 1]);
    const failure = {
      code: 'ERR_INVALID_OPTION',
      message: 'The id "a" is that of an earlier document: ids must differ.',
    };
    expect(documents.map(({ content }) => content)).toMatchObject(['1', '2', failure, failure, '5']);
  });

  it('fails a second document of an id although the first failed, and one that is the same as a string', async () => {
    const path = file(
      'same.jsonl',
      '{"id":1}\n{"id":1,"text":"2"}\n{"id":2,"text":"3"}\n{"id":"2","text":"4"}',
    );
    const failure = (message: string): object => ({
      code: 'ERR_INVALID_OPTION',
      message: containing(message),
    });
    const first = [failure('has no "text"'), failure('The id 1 is that of an earlier document'), '3'];
    const contents = async (asStrings: boolean): Promise<unknown[]> =>
      (await read([path], null, undefined, undefined, asStrings)).map(({ content }) => content);
    expect(await contents(false)).toMatchObject([...first, '4']);
    expect(await contents(true)).toMatchObject([
      ...first,
      failure(
        'The id "2" is that of an earlier document: ids must differ, and in the output they are strings.',
      ),
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
    ['{"title": "a"}', 'has no "text"'],
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
    expect((documents[1]!.content as DocumentFailure).message).toContain('the line is named by its number');
    expect(documents[2]!.content).toBe('after');
  });

  it.each<[string, string | number, JsonlKeys?]>([
    ['{"id": 7, "text": null}', 7],
    ['{"docid": "a"}', 'a'],
    ['{"id": "a", "chunks": [1]}', 'a'],
    ['{"pid": "a", "id": 7}', 'a', { id: 'pid', text: null }],
  ])('fails the line %s by its own id', async (line, id, keys) => {
    const [document] = await read([file('failed.jsonl', line)], null, undefined, keys);
    expect(document).toMatchObject({ id, content: { code: 'ERR_INVALID_OPTION' } });
    expect((document!.content as DocumentFailure).message).not.toContain('number');
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
    expect(() => sourcesOf(['a', ''], null, Readable.from([]), signal)).toThrow('document is empty');
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

describe('files', () => {
  it('of a folder are those of the format, nested ones too, sorted', async () => {
    const root = join(folder, 'corpus');
    mkdirSync(join(root, 'b'), { recursive: true });
    for (const name of ['c.txt', 'a.TXT', 'b/x.txt', 'b/y.jsonl', 'z.md', 'b/t.tokens'])
      file(join('corpus', name), 'text');
    const at = (...names: string[]): string[] => names.map((name) => join(root, name));
    expect(await expandFolders(['-', root, 'no.txt'], 'text')).toEqual([
      '-',
      ...at('a.TXT', 'b/x.txt', 'c.txt'),
      'no.txt',
    ]);
    expect(await expandFolders([root], 'jsonl')).toEqual(at('b/y.jsonl'));
    expect(await expandFolders([root], 'tokens')).toEqual(at('b/t.tokens'));
    mkdirSync(join(folder, 'empty'));
    const error = await expandFolders([join(folder, 'empty')], 'text').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain('holds no .txt files');
  });

  it('of a folder are files, links to files among them, and no folder is read through a link in it', async () => {
    const root = join(folder, 'linked');
    mkdirSync(join(root, 'folder.txt'), { recursive: true });
    file('linked/folder.txt/a.txt', 'text');
    symlinkSync('.', join(root, 'self'));
    symlinkSync('folder.txt', join(root, 'same.txt'));
    symlinkSync('folder.txt/a.txt', join(root, 'b.txt'));
    // One that leads nowhere is no less a document, which fails by its name.
    symlinkSync('nowhere', join(root, 'c.txt'));
    const link = join(folder, 'link');
    symlinkSync(root, link);
    for (const given of [root, link]) {
      expect(await expandFolders([given], 'text')).toEqual(
        ['b.txt', 'c.txt', 'folder.txt/a.txt'].map((name) => join(given, name)),
      );
    }
  });

  it('come from a list, a line each', async () => {
    const { signal } = new AbortController();
    const list = file('list', '\ufeffa.txt\r\n\nb c.txt\n-');
    expect(await filesFrom(list, Readable.from([]), signal)).toEqual(['a.txt', 'b c.txt', '-']);
    expect(await filesFrom('-', Readable.from([Buffer.from('x\ny')]), signal)).toEqual(['x', 'y']);
    for (const [bad, message] of [
      [join(folder, 'nowhere'), 'there is no such file'],
      [file('blank', '\n'), 'names no files'],
      [file('print0', 'a.txt\0b.txt\0'), 'has NUL bytes'],
    ] as const)
      await expect(filesFrom(bad, Readable.from([]), signal)).rejects.toThrow(message);
    await expect(filesFrom('-', Readable.from([Buffer.from('-')]), signal)).rejects.toThrow(
      'Standard input is the list',
    );
  });

  it('are not waited for after the signal, even while the list is silent', async () => {
    const controller = new AbortController();
    const silent = new Readable({ read: () => undefined });
    const paths = filesFrom('-', silent, controller.signal);
    const reason = new Interrupted('SIGINT');
    controller.abort(reason);
    await expect(paths).rejects.toBe(reason);
  });
});
