import { renameSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import type { Embedding } from '../../lib/index.js';
import { outputError } from './errors.js';
import { nanRow, NPY_HEADER_BYTES, npyHeader, rowBytes } from './npy.js';
import type { Output } from './output.js';

/**
 * A NumPy matrix in a file. Rows go to a file beside it as they come, and the count in its header follows, so that it is
 * valid whenever the program stops; at the end it takes the place of the target.
 */
export class NpyFileOutput implements Output {
  readonly #target: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  #columns = 0;
  #rows = 0;
  #begun = false;

  private constructor(target: string, partial: string, file: FileHandle) {
    this.#target = target;
    this.#partial = partial;
    this.#file = file;
    process.once('exit', this.#onExit);
  }

  /** @param mode the permissions of the file that is replaced */
  static async create(target: string, mode: number): Promise<NpyFileOutput> {
    const partial = `${target}.${process.pid}.partial`;
    const file = await open(partial, 'w', mode).catch(outputError(target));
    return new NpyFileOutput(target, partial, file);
  }

  async begin(dimensions: number): Promise<void> {
    this.#begun = true;
    this.#columns = dimensions;
    await this.#writeAt(0, npyHeader(0, dimensions));
  }

  write(_id: string | number, { embedding }: Embedding): Promise<void> {
    return this.#row(embedding);
  }

  skip(): Promise<void> {
    return this.#row(nanRow(this.#columns));
  }

  async finish(): Promise<void> {
    process.off('exit', this.#onExit);
    await this.#file.close().catch(outputError(this.#target));
    await rename(this.#partial, this.#target).catch(outputError(this.#target));
  }

  async abandon(): Promise<void> {
    process.off('exit', this.#onExit);
    await this.#file.close();
    await unlink(this.#partial);
  }

  /** A second signal ends the program at once: what was written is kept, and nothing is left beside it. */
  readonly #onExit = (): void => {
    try {
      if (this.#begun) renameSync(this.#partial, this.#target);
      else rmSync(this.#partial, { force: true });
    } catch {
      // The program ends: there is nobody left to tell.
    }
  };

  async #row(row: Float32Array): Promise<void> {
    await this.#writeAt(NPY_HEADER_BYTES + this.#rows * row.byteLength, rowBytes(row));
    this.#rows += 1;
    await this.#writeAt(0, npyHeader(this.#rows, this.#columns));
  }

  async #writeAt(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file
        .write(bytes, done, bytes.length - done, position + done)
        .catch(outputError(this.#target));
      done += bytesWritten;
    }
  }
}
