/**
 * The input of a run, and how it is split into shards. The files are taken end to end, and a document belongs to the shard whose
 * equal share of the bytes has the document's first byte: each document is in exactly one shard, however many there are, shards
 * take about equally long, and a shard reads nothing but its own bytes.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { readFailure } from '../lib/error.js';
import { invalid, type Shard } from './shard.js';

/** A file whose lines are documents, or that is a document. */
export interface CorpusFile {
  readonly path: string;
  readonly format: 'text' | 'jsonl' | 'tokens';
}

/** What tells an input from another: recorded with every part, and the same for all parts of a run. */
export interface InputIdentity {
  readonly bytes: number;
  /** Of the files' sizes and of the beginning and end of each, in hex. */
  readonly fingerprint: string;
}

/** A shard's piece of a file: bytes from `start` to `end`, which is not part of it. */
export interface Piece extends CorpusFile {
  readonly start: number;
  readonly end: number;
  /** Number of the piece's first line, counted over all files from 0. Counts the lines before it on the first call. */
  readonly firstLine: () => Promise<number>;
}

interface SizedFile extends CorpusFile {
  readonly bytes: number;
  /** Bytes of the files before it. */
  readonly before: number;
}

const NEWLINE = 0x0a;
const READ_BYTES = 1 << 18;
/** Bytes at either end of a file that go into the fingerprint. */
const SAMPLE_BYTES = 1 << 16;

/** The files of a run, in order. */
export class Corpus {
  readonly identity: InputIdentity;
  readonly #files: readonly SizedFile[];

  private constructor(files: readonly SizedFile[], identity: InputIdentity) {
    this.#files = files;
    this.identity = identity;
  }

  /**
   * Measures the files. A text that is missing counts as empty: it is a document, which fails in one of the shards.
   * @throws LongEmbedError ERR_INVALID_OPTION for a file of lines that is missing or unreadable, whose documents nobody knows, and
   *   for what cannot be read from the middle, as a pipe
   */
  static async open(files: readonly CorpusFile[]): Promise<Corpus> {
    const hash = createHash('sha256');
    const sized: SizedFile[] = [];
    let before = 0;
    for (const file of files) {
      const bytes = await sizeOf(file);
      sized.push({ ...file, bytes, before });
      before += bytes;
      // The path of a text is its id, whereas a file of lines may be elsewhere on another machine.
      hash.update(JSON.stringify([file.format, bytes, file.format === 'text' ? file.path : null]));
      if (file.format !== 'text' && bytes > 0) await addSamples(hash, file.path, bytes);
    }
    return new Corpus(sized, { bytes: before, fingerprint: hash.digest('hex') });
  }

  /** The pieces of a shard, in order. */
  async pieces({ index, count }: Shard): Promise<Piece[]> {
    const { bytes: total } = this.identity;
    const boundary = (shard: number): number => Number((BigInt(total) * BigInt(shard)) / BigInt(count));
    const [from, to] = [boundary(index), boundary(index + 1)];
    const pieces: Piece[] = [];
    for (const [place, file] of this.#files.entries()) {
      if (file.format === 'text' || file.bytes === 0) {
        // Files of no bytes at the end begin where no share does: they go with the last byte.
        const first = Math.max(0, Math.min(file.before, total - 1));
        const isOurs = (first >= from && first < to) || (total === 0 && index === 0);
        if (isOurs) pieces.push(this.#piece(place, 0, file.bytes));
        continue;
      }
      if (file.before + file.bytes <= from || file.before >= to) continue;
      const start = await firstLineFrom(file, from - file.before);
      const end = await firstLineFrom(file, to - file.before);
      if (start < end) pieces.push(this.#piece(place, start, end));
    }
    return pieces;
  }

  #piece(place: number, start: number, end: number): Piece {
    const file = this.#files[place];
    if (file === undefined) throw new RangeError(`there is no file ${place}`);
    let line: Promise<number> | null = null;
    return {
      path: file.path,
      format: file.format,
      start,
      end,
      firstLine: () => (line ??= this.#linesBefore(place, start)),
    };
  }

  /** Lines of the files of lines before a place. */
  async #linesBefore(place: number, start: number): Promise<number> {
    let lines = 0;
    for (const { path, format, bytes } of this.#files.slice(0, place)) {
      if (format !== 'text') lines += await countLines(path, bytes);
    }
    const file = this.#files[place];
    return file === undefined ? lines : lines + (await countLines(file.path, start));
  }
}

async function sizeOf({ path, format }: CorpusFile): Promise<number> {
  const unreadable = (error: unknown): null => {
    if (format === 'text') return null;
    throw invalid(`Cannot read ${path}: ${readFailure(error)}.`, error);
  };
  const stats = path === '-' ? undefined : await stat(path).catch(unreadable);
  if (stats === null) return 0;
  if (stats?.isFile() === true) return stats.size;
  const what = path === '-' ? 'Standard input' : path;
  throw invalid(
    `${what} cannot be split into shards, since it is not a regular file: write it to one first.`,
  );
}

async function addSamples(hash: Hash, path: string, bytes: number): Promise<void> {
  const file = await opened(path);
  try {
    for (const from of [0, Math.max(0, bytes - SAMPLE_BYTES)]) {
      hash.update(await readAt(file, from, SAMPLE_BYTES));
    }
  } finally {
    await file.close();
  }
}

/** Where the first line begins at or after a byte of a file; its size when there is none. */
async function firstLineFrom({ path, bytes }: SizedFile, byte: number): Promise<number> {
  if (byte <= 0) return 0;
  if (byte >= bytes) return bytes;
  const file = await opened(path);
  try {
    // The byte before tells whether a line begins at this one.
    for (let from = byte - 1; from < bytes; from += READ_BYTES) {
      const found = (await readAt(file, from, READ_BYTES)).indexOf(NEWLINE);
      if (found >= 0) return from + found + 1;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  return open(path).catch((error: unknown) => {
    throw invalid(`Cannot read ${path}: ${readFailure(error)}.`, error);
  });
}

async function readAt(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, from);
  return buffer.subarray(0, bytesRead);
}

/** Lines of a file up to a byte; one that does not end counts. */
async function countLines(path: string, end: number): Promise<number> {
  if (end === 0) return 0;
  let lines = 0;
  let last = NEWLINE;
  for await (const piece of createReadStream(path, { end: end - 1, highWaterMark: READ_BYTES })) {
    const bytes = piece as Buffer;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
    last = bytes.at(-1) ?? last;
  }
  return last === NEWLINE ? lines : lines + 1;
}
