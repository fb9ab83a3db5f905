/**
 * What a part has so far: a record a document, appended the moment that its vectors are there. A process may be killed at any time:
 * each record has its length and a checksum, so that those before the one that was being written are found again.
 *
 * | bytes | content of a record                                                                               |
 * | ----- | ------------------------------------------------------------------------------------------------- |
 * | 4     | length of what follows the checksum, an unsigned integer; all are little-endian, as every machine we run on |
 * | 8     | first bytes of the SHA-256 of what follows                                                        |
 * | 4     | length of the head                                                                                |
 * | …     | head in JSON: see `Head`                                                                          |
 * | …     | the vectors as 32-bit floats                                                                      |
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { writeError } from '../lib/atomic-file.js';
import { readFailure } from '../lib/error.js';
import type { DocumentFailure, DocumentId, DocumentVectors, VectorRow } from '../lib/vector-file/rows.js';
import { rowBytes } from '../lib/vector-file/npy.js';
import { invalid } from './shard.js';

/** A document of a part, with what came of it. */
export interface Entry {
  readonly id: DocumentId;
  /** Of its id and content, in hex: see `hashDocument`. */
  readonly hash: string;
  readonly outcome: { readonly vectors: DocumentVectors } | { readonly failure: DocumentFailure };
}

interface Head {
  readonly id: DocumentId;
  readonly hash: string;
  readonly failure?: DocumentFailure;
  readonly tokens?: number;
  readonly windows?: number;
  readonly truncated?: boolean;
  readonly parts?: readonly VectorRow['part'][];
  /** Numbers of each vector. */
  readonly dimensions?: number;
}

const PREFIX_BYTES = 12;
const CHECKSUM_BYTES = 8;
/** Bytes read at a time. */
const READ_BYTES = 1 << 20;
/** A longer record was not written by us: that of a document of a thousand chunks takes some 16 MB. */
const MAX_RECORD_BYTES = 2 ** 31;

/** A journal that is being written. */
export class Journal {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Goes on after the first `bytes` of a journal; 0 begins one. */
  static async open(path: string, bytes: number): Promise<Journal> {
    const file = await open(path, 'a').catch((error: unknown) => writeError(path, error));
    await file.truncate(bytes).catch((error: unknown) => writeError(path, error));
    return new Journal(path, file);
  }

  async append(entry: Entry): Promise<void> {
    await this.#file.writeFile(recordOf(entry)).catch((error: unknown) => writeError(this.#path, error));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * The entries of a journal up to the first that is not whole, each with where it ends in the file. No file has no entries.
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be read
 */
export async function* readJournal(path: string): AsyncGenerator<{ entry: Entry; end: number }> {
  const file = await open(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw invalid(`Cannot read ${path}: ${readFailure(error)}.`, error);
  });
  if (file === null) return;
  try {
    let end = 0;
    let left: Buffer = Buffer.alloc(0);
    const need = async (bytes: number): Promise<boolean> => {
      while (left.length < bytes) {
        const more = Buffer.allocUnsafe(Math.max(READ_BYTES, bytes - left.length));
        const { bytesRead } = await file.read(more, 0, more.length, end + left.length);
        if (bytesRead === 0) return false;
        left = Buffer.concat([left, more.subarray(0, bytesRead)]);
      }
      return true;
    };
    while (await need(PREFIX_BYTES)) {
      const bytes = left.readUInt32LE(0);
      const size = PREFIX_BYTES + bytes;
      if (bytes > MAX_RECORD_BYTES || !(await need(size))) return;
      const content = left.subarray(PREFIX_BYTES, size);
      if (!checksum(content).equals(left.subarray(4, PREFIX_BYTES))) return;
      const entry = entryOf(content);
      end += size;
      left = left.subarray(size);
      yield { entry, end };
    }
  } finally {
    await file.close();
  }
}

function recordOf({ id, hash, outcome }: Entry): Buffer {
  const [head, rows]: [Head, readonly VectorRow[]] =
    'failure' in outcome
      ? [{ id, hash, failure: { code: outcome.failure.code, message: outcome.failure.message } }, []]
      : [headOf(id, hash, outcome.vectors), outcome.vectors.rows];
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const vectors = rows.map(({ embedding }) => rowBytes(embedding));
  const content = Buffer.concat([length, text, ...vectors]);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(content.length);
  return Buffer.concat([prefix, checksum(content), content]);
}

function headOf(id: DocumentId, hash: string, vectors: DocumentVectors): Head {
  const { rows, tokens, windows, truncated } = vectors;
  const parts = rows.map(({ part }) => part);
  return { id, hash, tokens, windows, truncated, parts, dimensions: rows[0]?.embedding.length ?? 0 };
}

function entryOf(content: Buffer): Entry {
  const headEnd = 4 + content.readUInt32LE(0);
  const head = JSON.parse(content.toString('utf8', 4, headEnd)) as Head;
  const { id, hash, failure, parts = [], dimensions = 0 } = head;
  if (failure !== undefined) return { id, hash, outcome: { failure } };
  const rows = parts.map((part, row) => {
    const embedding = new Float32Array(dimensions);
    const from = headEnd + row * dimensions * 4;
    rowBytes(embedding).set(content.subarray(from, from + dimensions * 4));
    return { embedding, part };
  });
  const { tokens = 0, windows = 0, truncated = false } = head;
  return { id, hash, outcome: { vectors: { rows, tokens, windows, truncated } } };
}

function checksum(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES);
}
