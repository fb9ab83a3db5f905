import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LongEmbedError } from '../error.js';
import { writeFailure } from '../system-error.js';

/**
 * A file that is there whole or not at all: bytes go to a temporary file beside it, which takes its place at the end and
 * is removed when that does not come.
 */
export class OutputFile {
  readonly #path: string;
  readonly #target: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #onExit = (): void => rmSync(this.#partial, { force: true });
  #open = true;

  private constructor(path: string, target: string, partial: string, file: FileHandle) {
    this.#path = path;
    this.#target = target;
    this.#partial = partial;
    this.#file = file;
    // A second signal ends the program at once.
    process.once('exit', this.#onExit);
  }

  /**
   * @param size how many bytes are to come, so that a full disk is known at once
   * @throws LongEmbedError ERR_INVALID_OPTION with the reason; so do the others
   */
  static async create(path: string, size: number): Promise<OutputFile> {
    const target = await realpath(path).catch(() => path);
    await checkSpace(path, target, size);
    const partial = `${target}.${randomUUID().slice(0, 8)}.partial`;
    return new OutputFile(path, target, partial, await open(partial, 'wx').catch(failure(path)));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes).catch(failure(this.#path));
  }

  /** Puts the file in its place. */
  async commit(): Promise<void> {
    await this.#file.sync().catch(failure(this.#path));
    await this.#file.close();
    await rename(this.#partial, this.#target).catch(failure(this.#path));
    this.#end();
  }

  /** Removes what was written; nothing after a commit. */
  async abandon(): Promise<void> {
    if (!this.#open) return;
    this.#end();
    await this.#file.close().catch(() => undefined);
    await rm(this.#partial, { force: true });
  }

  #end(): void {
    this.#open = false;
    process.off('exit', this.#onExit);
  }
}

/**
 * Refuses a place that must not be written to: the input itself, a folder or device, and a file that is there already
 * unless it may be replaced.
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export async function checkOutput(output: string, input: string, overwrite: boolean): Promise<void> {
  const [before, source] = await Promise.all([stat(output).catch(() => null), stat(input).catch(() => null)]);
  if (before === null) return;
  if (source !== null && before.ino === source.ino && before.dev === source.dev) {
    throw invalid(`The output ${output} is the same file as the input: name another.`);
  }
  if (before.isDirectory()) failure(output)({ code: 'EISDIR' });
  if (!before.isFile()) throw invalid(`The output ${output} is no regular file: name another.`);
  if (!overwrite)
    throw invalid(
      `The output ${output} exists: name another, or say that it may be replaced (overwrite, --force).`,
    );
}

async function checkSpace(path: string, target: string, size: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(dirname(target)).catch(failure(path));
  // Some file systems do not say how large they are.
  if (blocks === 0 || bavail * bsize >= size) return;
  throw invalid(
    `Cannot write to ${path}: it takes ${megabytes(size)}, and the disk has ${megabytes(bavail * bsize)} free.`,
  );
}

function failure(path: string): (error: unknown) => never {
  return (error) => {
    throw invalid(`Cannot write to ${path}: ${writeFailure(error)}.`, error);
  };
}

function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, { cause });
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(1)} MB`;
}
