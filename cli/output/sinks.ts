import { constants } from 'node:fs';
import { type FileHandle, open, realpath, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { AtomicFile } from '../../lib/atomic-file.js';
import { writeFailure } from '../../lib/error.js';
import { BrokenPipe, UsageError } from '../exit.js';

/** A place for bytes, in order. Errors are UsageErrors with a sentence, or BrokenPipe. */
export interface Sink {
  begin(): Promise<void>;
  /** Resolves when the bytes are taken, so that a slow reader slows the work down. */
  write(bytes: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

/** @throws UsageError with the reason why the output cannot be written */
export function outputError(path: string, error: unknown): never {
  throw new UsageError(`Cannot write to ${path}: ${writeFailure(error)}.`, { cause: error });
}

/** A file that is opened before the model is loaded but emptied only when there is something to write. */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isNew: boolean;
  readonly #replaces: boolean;
  /** Bytes written to a regular file; null for other files. */
  #size: number | null = null;

  private constructor(path: string, file: FileHandle, isNew: boolean, replaces: boolean) {
    this.#path = path;
    this.#file = file;
    this.#isNew = isNew;
    this.#replaces = replaces;
  }

  /**
   * @param options.isNew whether nothing is at the path yet
   * @param options.replaces whether what is in it when the first bytes are written may be lost
   */
  static async open(
    path: string,
    { isNew, replaces }: { readonly isNew: boolean; readonly replaces: boolean },
  ): Promise<FileSink> {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o666).catch((error: unknown) =>
      outputError(path, error),
    );
    return new FileSink(path, file, isNew, replaces);
  }

  async begin(): Promise<void> {
    const stats = await this.#file.stat();
    // Pipes and devices have nothing to empty.
    if (!stats.isFile()) return;
    if (stats.size > 0 && !this.#replaces) this.#failShared();
    await this.#file.truncate(0).catch((error: unknown) => outputError(this.#path, error));
    this.#size = 0;
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    const piece = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    await this.#refuseOthers();
    try {
      await this.#file.writeFile(piece);
    } catch (error) {
      // A full disk may have taken a part: half a line would spoil those before it.
      if (this.#size !== null) await this.#file.truncate(this.#size).catch(() => undefined);
      outputError(this.#path, error);
    }
    if (this.#size !== null) this.#size += piece.length;
  }

  async close(): Promise<void> {
    try {
      await this.#refuseOthers();
    } finally {
      await this.#file.close().catch((error: unknown) => outputError(this.#path, error));
    }
  }

  async abandon(): Promise<void> {
    const { size } = await this.#file.stat();
    await this.#file.close();
    // The file, not a link to it that was there before, and not what another run has written into it.
    if (this.#isNew && size === 0) await unlink(await realpath(this.#path));
  }

  /** Two runs that write into one file leave lines of both in each other's place, and neither would notice. */
  async #refuseOthers(): Promise<void> {
    if (this.#size !== null && (await this.#file.stat()).size !== this.#size) this.#failShared();
  }

  #failShared(): never {
    outputError(this.#path, new Error('another run writes to it; give each an output of its own'));
  }
}

/** A file that appears at its path when it is whole: see `AtomicFile`. */
export class AtomicSink implements Sink {
  readonly #file: AtomicFile;

  private constructor(file: AtomicFile) {
    this.#file = file;
  }

  /**
   * @param options.mode the permissions of the file that is replaced
   * @param options.replaces whether a file is replaced that another run writes meanwhile
   */
  static async open(
    path: string,
    {
      mode = 0o666,
      replaces = true,
    }: { readonly mode?: number | undefined; readonly replaces?: boolean } = {},
  ): Promise<AtomicSink> {
    return new AtomicSink(await AtomicFile.create(path, { mode, replaces, fail: outputError }));
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return this.#file.write(bytes);
  }

  close(): Promise<void> {
    return this.#file.commit();
  }

  abandon(): Promise<void> {
    return this.#file.abandon();
  }
}

/** Standard output, never closed. */
export class StdoutSink implements Sink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    }).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') throw new BrokenPipe();
      return outputError('standard output', error);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}
