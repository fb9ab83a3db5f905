import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { LongEmbedError, readFailure } from '../../lib/error.js';
import { collect, decodeUtf8, isPdf, splitLines } from '../../lib/text.js';
import type { DocumentFailure } from '../../lib/vector-file/rows.js';
import { UsageError } from '../exit.js';
import { type JsonlKeys, type Line, type LineContent, parseJsonl, parseTokens } from './formats.js';

/** A document as it was read, or why it could not be. */
export interface InputDocument {
  /** Names the result: the path of a text, the `id` of a line, or the line's number from 0. */
  readonly id: string | number;
  /** Its position for messages: the path; path:line with lines counted from 1 as editors do; or path@byte of a shard. */
  readonly where: string;
  /** Its size in its file, for progress. */
  readonly bytes: number;
  readonly content: LineContent | DocumentFailure;
  /** What makes it doubtful that this is the text that was meant: a clause without a full stop. */
  readonly warning?: string;
}

/** Where documents come from: a path, or `-` for standard input. */
export interface InputSource {
  readonly path: string;
  readonly format: 'text' | 'jsonl' | 'tokens';
  /** The bytes, in pieces as they arrive. Throws the system's error when the file cannot be read. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Where in the file a shard's lines begin; undefined: all lines are read, of this file and of those before it. */
  readonly from?: {
    readonly byte: number;
    /** Number of the first of them, over all files. It takes reading those before, so it is asked for only where it is needed. */
    readonly firstLine: () => Promise<number>;
  };
}

export function isFailure(content: InputDocument['content']): content is DocumentFailure {
  return typeof content === 'object' && 'code' in content;
}

/** The values of --input-format. */
export const INPUT_FORMATS = ['text', 'jsonl', 'tokens'] as const;

/**
 * Where the documents of a command line come from.
 * @param files paths, `-` for standard input; none means standard input unless that is a terminal
 * @param format null: by name, .jsonl and .ndjson are jsonl and everything else text
 * @param signal ends reading, even while standard input is silent
 */
export function sourcesOf(
  files: readonly string[],
  format: InputSource['format'] | null,
  stdin: Readable & { isTTY?: boolean },
  signal: AbortSignal,
): InputSource[] {
  if (files.length === 0 && stdin.isTTY === true) {
    throw new UsageError('No document is given: name files, or pipe text into standard input.');
  }
  const paths = files.length === 0 ? ['-'] : files;
  if (paths.includes('')) throw new UsageError('The name of a document is empty: name a file.');
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('Standard input, "-", is named twice; it can be read only once.');
  }
  return paths.map((path) => ({
    path,
    format: format ?? (/\.(jsonl|ndjson)$/i.test(path) ? 'jsonl' : 'text'),
    open: () =>
      path === '-'
        ? addAbortSignal(signal, stdin)
        : createReadStream(path, { signal, highWaterMark: 1 << 18 }),
  }));
}

/**
 * Reads documents one by one, as they are asked for. One that cannot be read is a document with a failure, and so is one whose id
 * is that of an earlier one.
 * @param keys of jsonl lines; default: those in common use
 * @param idsAsStrings whether the output holds ids as strings, so that 1 and "1" are the same
 * @throws LongEmbedError ERR_INVALID_OPTION or ERR_INPUT_TOO_LONG when the lines of a shard cannot be read to their end
 */
export async function* readDocuments(
  sources: readonly InputSource[],
  keys?: JsonlKeys,
  idsAsStrings = false,
): AsyncGenerator<InputDocument> {
  const counter = { lines: 0 };
  const ids = new UsedIds(idsAsStrings);
  for (const source of sources) {
    if (source.format === 'text') yield ids.claim(await readText(source));
    else if (source.format === 'tokens') yield* readLines(source, counter, parseTokens, null);
    else yield* readLines(source, counter, (line) => parseJsonl(line, keys), ids);
  }
}

/** The ids of the documents so far. Two results of one id could not be told apart: the second document fails. */
class UsedIds {
  readonly #ids = new Set<InputDocument['id']>();
  readonly #asStrings: boolean;

  /** @param asStrings whether 1 and "1" are the same */
  constructor(asStrings: boolean) {
    this.#asStrings = asStrings;
  }

  /** @returns the document; with a failure when an earlier one has its id, and none of its own before */
  claim(document: InputDocument): InputDocument {
    const { id, content } = document;
    const key = this.#asStrings ? String(id) : id;
    const isUsed = this.#ids.has(key);
    this.#ids.add(key);
    if (!isUsed || isFailure(content)) return document;
    const how = this.#asStrings ? ', and in the output they are strings' : '';
    const message = `The id ${JSON.stringify(id)} is that of an earlier document: ids must differ${how}.`;
    return { ...document, content: new LongEmbedError('ERR_INVALID_OPTION', message) };
  }
}

/** Bytes of all sources together; null when the size of one is unknown, since it is not a regular file. */
export async function totalBytes(sources: readonly InputSource[]): Promise<number | null> {
  let total = 0;
  for (const { path } of sources) {
    const stats = path === '-' ? null : await stat(path).catch(() => undefined);
    if (stats === undefined) continue;
    if (stats?.isFile() !== true) return null;
    total += stats.size;
  }
  return total;
}

/** One document per file; its path is the id. */
async function readText({ path, open }: InputSource): Promise<InputDocument> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let content: InputDocument['content'];
  let warning: string | null = null;
  try {
    for await (const piece of open()) bytes = collect(pieces, piece, bytes);
    const file = Buffer.concat(pieces);
    content = decodeUtf8(file);
    warning = warningOf(path, file, content);
  } catch (error) {
    content = failureOf(error);
  }
  return { id: path, where: path, bytes, content, ...(warning === null ? {} : { warning }) };
}

/** What a file that is read as one text plainly is instead; null: a text. */
function warningOf(path: string, file: Uint8Array, text: string): string | null {
  if (isPdf(file)) return 'this is a PDF, read as if it were text; extract its text first';
  if (/\.(csv|tsv)$/i.test(path))
    return 'this is a table, read as one text; convert its rows to jsonl for a vector each';
  if (/^\s*\[/.test(text) && Array.isArray(jsonIn(text) ?? jsonIn(firstLine(text)))) {
    return 'this is a JSON array, read as one text; write an object a line and use --input-format jsonl, or token ids and tokens';
  }
  if (text.startsWith('{') && jsonIn(firstLine(text)) !== null) {
    return 'these are lines of JSON, read as one text; use --input-format jsonl for a vector each';
  }
  return null;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** null: it is not JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * One document per line. Blank lines are skipped but counted.
 * @param counter lines read so far, over all files: the id of a document that has none
 * @param parse reads one line; throws LongEmbedError when it is malformed, and then this document fails alone
 * @param ids of earlier documents; null: lines have no ids of their own
 */
async function* readLines(
  source: InputSource,
  counter: { lines: number },
  parse: (line: string) => Line,
  ids: UsedIds | null,
): AsyncGenerator<InputDocument> {
  const before = counter.lines;
  let byte = source.from?.byte ?? 0;
  const isPiece = byte > 0;
  try {
    for await (const line of splitLines(source.open())) {
      const place = counter.lines++ - before;
      const where = isPiece ? `${source.path}@${byte}` : `${source.path}:${place + 1}`;
      const bytes = line.length + 1;
      byte += bytes;
      const document = toDocument(line, { where, bytes }, parse);
      if (document === null) continue;
      const { id = ((await source.from?.firstLine()) ?? before) + place, content } = document;
      const named = { ...document, id };
      if (ids === null) yield named;
      else if (document.id === undefined && isFailure(content))
        yield { ...named, content: numbered(content) };
      else yield ids.claim(named);
    }
  } catch (error) {
    if (source.from !== undefined) throw shardFailure(source.path, error);
    yield { id: source.path, where: source.path, bytes: 0, content: failureOf(error) };
  }
}

/** The number of a line may be the id of another document: the failure says that it is a number. */
function numbered({ code, message }: DocumentFailure): DocumentFailure {
  const note = 'Without an id that can be used, the line is named by its number, counted from 0.';
  return { code, message: `${message} ${note}` };
}

/** Why a shard cannot go on: a part without the lines that are left would look whole. */
function shardFailure(path: string, error: unknown): Error {
  const failure = failureOf(error);
  if (failure instanceof LongEmbedError) return failure;
  return new LongEmbedError('ERR_INVALID_OPTION', `Cannot read ${path}: ${failure.message}.`, {
    cause: error,
  });
}

function toDocument(
  bytes: Uint8Array,
  named: Pick<InputDocument, 'where' | 'bytes'>,
  parse: (line: string) => Line,
): (Omit<InputDocument, 'id'> & Pick<Line, 'id'>) | null {
  try {
    const line = decodeUtf8(bytes);
    return line.trim() === '' ? null : { ...named, ...parse(line) };
  } catch (error) {
    return { ...named, content: failureOf(error) };
  }
}

/** Turns an error of reading into the document's failure; rethrows errors that have another cause. */
export function failureOf(error: unknown): DocumentFailure {
  if (error instanceof LongEmbedError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return { code, message: readFailure(error) };
}
