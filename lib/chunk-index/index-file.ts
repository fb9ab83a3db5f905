/**
 * The file of a `ChunkIndex`, version 1. All numbers are little-endian.
 *
 * | bytes | content                                                                                            |
 * | ----- | -------------------------------------------------------------------------------------------------- |
 * | 8     | "LECHUNKS"                                                                                         |
 * | 4     | version, an unsigned integer: 1                                                                    |
 * | 4     | length of the header in bytes, an unsigned integer                                                 |
 * | …     | header in JSON: {"dimensions": 384, "documents": [[id, chunks, bytes of the text or null], …]}     |
 * | …     | for each document: start and end of each chunk (unsigned 32-bit integers), the chunks' vectors of  |
 * |       | length 1 (32-bit floats), the text in UTF-8                                                        |
 * | 32    | SHA-256 of everything before                                                                       |
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { AtomicFile, writeError } from '../atomic-file.js';
import { LongEmbedError, readFailure } from '../error.js';
import { makeFolders } from '../folders.js';
import { finiteLength } from './unit-vector.js';

const MAGIC = 'LECHUNKS';
const VERSION = 1;
const FIXED_BYTES = MAGIC.length + 8;
const HASH_BYTES = 32;

/** Bytes read or written at a time. */
const PIECE_BYTES = 1 << 20;

/** A document without its vectors. */
export interface StoredDocument {
  readonly id: string;
  /** Start and end of each chunk. */
  readonly spans: Uint32Array;
  readonly text: string | null;
}

interface Content {
  readonly dimensions: number;
  readonly documents: readonly StoredDocument[];
  /** The vectors of a document, in pieces of any number of rows. */
  readonly vectorsOf: (document: number) => Iterable<Float32Array>;
}

const header = z.object({
  dimensions: z
    .int()
    .min(0)
    .max(2 ** 24),
  documents: z.array(z.tuple([z.string(), z.int().min(1), z.int().min(0).nullable()])),
});

/** @throws LongEmbedError ERR_INVALID_OPTION with the reason when the file cannot be written */
export async function writeIndexFile(
  path: string,
  { dimensions, documents, vectorsOf }: Content,
): Promise<void> {
  await makeFolders(dirname(path)).catch((error: unknown) => writeError(path, error));
  const file = await AtomicFile.create(path);
  try {
    const out = new HashingWriter(file);
    const head = Buffer.from(
      JSON.stringify({
        dimensions,
        documents: documents.map(({ id, spans, text }) => [
          id,
          spans.length / 2,
          text === null ? null : Buffer.byteLength(text),
        ]),
      }),
    );
    const fixed = Buffer.alloc(FIXED_BYTES);
    fixed.write(MAGIC, 'latin1');
    fixed.writeUInt32LE(VERSION, MAGIC.length);
    fixed.writeUInt32LE(head.length, MAGIC.length + 4);
    await out.write(fixed);
    await out.write(head);
    for (const [index, { spans, text }] of documents.entries()) {
      await out.write(bytesOf(spans));
      for (const rows of vectorsOf(index)) await out.write(bytesOf(rows));
      if (text !== null) await out.write(Buffer.from(text));
    }
    await out.finish();
    await file.commit();
  } finally {
    await file.abandon();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Writes in large pieces, and the hash of everything at the end. */
class HashingWriter {
  readonly #file: AtomicFile;
  readonly #hash = createHash('sha256');
  #pending: Uint8Array[] = [];
  #bytes = 0;

  constructor(file: AtomicFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= PIECE_BYTES) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.write(this.#hash.digest());
  }

  async #flush(): Promise<void> {
    const piece = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#bytes = 0;
    this.#hash.update(piece);
    await this.#file.write(piece);
  }
}

/**
 * Reads an index file and checks everything in it.
 * @param onDocument called for every document, with its vectors one after the other. What it was given must not be used when
 *   this throws: that the content is undamaged is known at the end only.
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and what is wrong with it
 */
export async function readIndexFile(
  path: string,
  onDocument: (document: StoredDocument, rows: Float32Array) => void,
): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    throw unusable(path, `cannot be read: ${readFailure(error)}`, error);
  });
  try {
    const { size } = await file.stat();
    const source = new HashingReader(path, file, size);
    const { dimensions, documents } = await readHeader(path, source, size);
    const ids = new Set<string>();
    for (const [id, chunks, textBytes] of documents) {
      if (ids.has(id)) throw unusable(path, `is damaged: it has the document ${JSON.stringify(id)} twice`);
      ids.add(id);
      const spans = new Uint32Array(await source.copy(8 * chunks));
      const rows = new Float32Array(await source.copy(4 * dimensions * chunks));
      const text = textBytes === null ? null : Buffer.from(await source.copy(textBytes)).toString();
      checkDocument(path, { id, spans, text }, rows, dimensions);
      onDocument({ id, spans, text }, rows);
    }
    await source.checkHash();
  } finally {
    await file.close();
  }
}

async function readHeader(
  path: string,
  source: HashingReader,
  size: number,
): Promise<z.infer<typeof header>> {
  const isLongEnough = size >= FIXED_BYTES + HASH_BYTES;
  const fixed = isLongEnough ? Buffer.from(await source.copy(FIXED_BYTES)) : Buffer.alloc(FIXED_BYTES);
  if (fixed.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw unusable(path, 'is not a chunk index of longembed, or is cut off at its beginning');
  }
  const version = fixed.readUInt32LE(MAGIC.length);
  if (version !== VERSION) {
    throw unusable(path, `has version ${version} of the format, and this longembed reads version ${VERSION}`);
  }
  const headerBytes = fixed.readUInt32LE(MAGIC.length + 4);
  if (FIXED_BYTES + headerBytes + HASH_BYTES > size) throw unusable(path, 'is cut off');
  const content = parsed(Buffer.from(await source.copy(headerBytes)).toString());
  if (content === null) throw unusable(path, 'is damaged: its header cannot be read');
  const { dimensions, documents } = content;
  const bytes = documents.reduce(
    (sum, [, chunks, text]) => sum + chunks * (8 + 4 * dimensions) + (text ?? 0),
    FIXED_BYTES + headerBytes + HASH_BYTES,
  );
  if (bytes > size) throw unusable(path, `is cut off: it has ${size} of ${bytes} bytes`);
  if (bytes < size) throw unusable(path, `is damaged: it has ${size - bytes} bytes too many`);
  if (dimensions === 0 && documents.length > 0)
    throw unusable(path, 'is damaged: its vectors have no numbers');
  return content;
}

function parsed(json: string): z.infer<typeof header> | null {
  try {
    return header.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

function checkDocument(
  path: string,
  { id, spans, text }: StoredDocument,
  rows: Float32Array,
  dimensions: number,
): void {
  const end = text?.length ?? Infinity;
  for (let i = 0; i < spans.length; i += 2) {
    const [from, to] = [spans[i] ?? 0, spans[i + 1] ?? 0];
    if (from > to || to > end) {
      throw unusable(path, `is damaged: chunk ${i / 2} of ${JSON.stringify(id)} is outside of its text`);
    }
    finiteLength(rows.subarray((i / 2) * dimensions, (i / 2 + 1) * dimensions), `${id} in ${path}`);
  }
}

/** Reads in large pieces and hashes what it reads. */
class HashingReader {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #piece = Buffer.alloc(0);
  #used = 0;
  /** Bytes of the file that have not been read and are not the hash. */
  #left: number;

  constructor(path: string, file: FileHandle, size: number) {
    this.#path = path;
    this.#file = file;
    this.#left = size - HASH_BYTES;
  }

  /** The next bytes, in memory of their own. */
  async copy(count: number): Promise<ArrayBuffer> {
    const bytes = this.#allocate(count);
    for (let done = 0; done < count;) {
      if (this.#used === this.#piece.length) await this.#next();
      const part = this.#piece.subarray(this.#used, this.#used + count - done);
      bytes.set(part, done);
      this.#used += part.length;
      done += part.length;
    }
    return bytes.buffer;
  }

  async checkHash(): Promise<void> {
    const stored = Buffer.alloc(HASH_BYTES);
    await this.#read(stored);
    if (!this.#hash.digest().equals(stored)) throw unusable(this.#path, 'is damaged: its checksum is wrong');
  }

  async #next(): Promise<void> {
    this.#piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#left));
    this.#used = 0;
    await this.#read(this.#piece);
    this.#left -= this.#piece.length;
    this.#hash.update(this.#piece);
  }

  async #read(buffer: Buffer): Promise<void> {
    for (let done = 0; done < buffer.length;) {
      const { bytesRead } = await this.#file
        .read(buffer, done, buffer.length - done)
        .catch((error: unknown) => {
          throw unusable(this.#path, `cannot be read: ${readFailure(error)}`, error);
        });
      if (bytesRead === 0) throw unusable(this.#path, 'was cut off while it was read');
      done += bytesRead;
    }
  }

  #allocate(count: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(count);
    } catch (error) {
      throw new LongEmbedError(
        'ERR_OUT_OF_MEMORY',
        `There is not enough memory for the index in ${this.#path}.`,
        { cause: error },
      );
    }
  }
}

/** @param what a clause about the file */
function unusable(path: string, what: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The index file ${path} ${what}.`,
    cause === undefined ? {} : { cause },
  );
}
