import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { outputError } from './errors.js';
import type { Sink } from './output.js';

/** A file that is opened before the model is loaded but emptied only when there is something to write. */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isNew: boolean;
  /** Bytes written, where the file is one that has an end. */
  #size: number | null = null;

  private constructor(path: string, file: FileHandle, isNew: boolean) {
    this.#path = path;
    this.#file = file;
    this.#isNew = isNew;
  }

  /** @param isNew whether nothing is at the path yet */
  static async open(path: string, isNew: boolean): Promise<FileSink> {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o666).catch(outputError(path));
    return new FileSink(path, file, isNew);
  }

  async begin(): Promise<void> {
    // Pipes and devices have nothing to empty.
    if (!(await this.#file.stat()).isFile()) return;
    await this.#file.truncate(0).catch(outputError(this.#path));
    this.#size = 0;
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    const piece = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    try {
      await this.#file.writeFile(piece);
    } catch (error) {
      // A disk that fills up takes the beginning: half a line would spoil those before it.
      if (this.#size !== null) await this.#file.truncate(this.#size).catch(() => undefined);
      outputError(this.#path)(error);
    }
    if (this.#size !== null) this.#size += piece.length;
  }

  async close(): Promise<void> {
    await this.#file.close().catch(outputError(this.#path));
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    if (this.#isNew) await unlink(this.#path);
  }
}
