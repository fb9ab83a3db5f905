import { type FileHandle, open, stat } from 'node:fs/promises';
import { LongEmbedError } from '../error.js';
import { InvalidGguf, MoreNeeded, type GgufHeader, parseHeader, type StoredTensor } from './parse.js';
import { MAX_HEADER_BYTES } from './format.js';

/** First read: enough for the header of a file with a small vocabulary. */
const FIRST_READ_BYTES = 1 << 20;

/** Bytes of tensor data held at a time. */
const PIECE_BYTES = 4 << 20;

/** A GGUF file that is open for reading: its header in memory, the tensors' data on disk. */
export class GgufFile implements AsyncDisposable {
  readonly path: string;
  readonly header: GgufHeader;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, header: GgufHeader) {
    this.path = path;
    this.#file = file;
    this.header = header;
  }

  /** @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID */
  static async open(path: string): Promise<GgufFile> {
    const file = await openModel(path);
    try {
      return new GgufFile(path, file, await readHeader(path, file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A tensor's data, piece by piece. Each piece is valid until the next is requested: they share memory. */
  async *dataOf(tensor: StoredTensor): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, tensor.byteLength));
    for (let done = 0; done < tensor.byteLength;) {
      const piece = buffer.subarray(0, tensor.byteLength - done);
      await readFully(this.path, this.#file, piece, tensor.offset + done);
      done += piece.length;
      yield piece;
    }
  }

  /** A whole tensor's data, for small tensors. */
  async read(tensor: StoredTensor): Promise<Uint8Array> {
    const bytes = new Uint8Array(tensor.byteLength);
    await readFully(this.path, this.#file, bytes, tensor.offset);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function openModel(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Before it is opened: opening a pipe would wait for who writes into it.
    if (!(await stat(path)).isFile()) throw notRegular(path);
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof LongEmbedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? `There is no model file "${path}".` : `"${path}" cannot be opened: ${message}.`;
    throw new LongEmbedError('ERR_MODEL_NOT_FOUND', `${why} Give the path of a GGUF file.`, { cause: error });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

function notRegular(path: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_MODEL_NOT_FOUND',
    `"${path}" is not a regular file. Give the path of a GGUF file.`,
  );
}

async function readHeader(path: string, file: FileHandle): Promise<GgufHeader> {
  const { size } = await file.stat();
  if (size === 0) throw invalid(path, 'it is empty.');
  let bytes = Math.min(FIRST_READ_BYTES, size);
  for (;;) {
    if (bytes > MAX_HEADER_BYTES) throw invalid(path, 'its header is larger than any can be.');
    const start = new Uint8Array(bytes);
    await readFully(path, file, start, 0);
    try {
      return parseHeader(start, size);
    } catch (error) {
      if (error instanceof InvalidGguf) throw invalid(path, error.message, error);
      if (!(error instanceof MoreNeeded)) throw error;
      bytes = Math.min(Math.max(4 * bytes, error.bytes), size);
    }
  }
}

async function readFully(path: string, file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file
      .read(into, done, into.length - done, position + done)
      .catch((error: unknown) => {
        throw invalid(path, `it cannot be read: ${(error as Error).message}.`, error);
      });
    if (bytesRead === 0) throw invalid(path, 'it was truncated while it was read.');
    done += bytesRead;
  }
}

function invalid(path: string, why: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_MODEL_INVALID', `"${path}" is not a usable model file: ${why}`, { cause });
}
