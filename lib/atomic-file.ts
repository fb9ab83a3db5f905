import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LongEmbedError, writeFailure } from './error.js';
import { makeFolders } from './folders.js';

export interface AtomicFileOptions {
  /** Permissions of a new file, as `open` takes them. Default 0o666, less the umask. */
  mode?: number;
  /** Whether a file with content is replaced that was not there, or was empty, when this one was created. Default true. */
  replaces?: boolean;
  /** Turns the system's error into the caller's. Default: LongEmbedError ERR_INVALID_OPTION with the reason. */
  fail?: (path: string, error: unknown) => never;
}

/**
 * A file that is either complete or absent: bytes go to a temporary file in the same folder, which replaces the target on
 * `commit` and is removed otherwise, also when the process exits early. Symbolic links are followed, not replaced, also those to
 * a file that is not there yet. Devices, pipes and folders, which a file would replace, are refused.
 */
export class AtomicFile {
  readonly #path: string;
  readonly #target: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #replaces: boolean;
  readonly #fail: (error: unknown) => never;
  #keepsOnExit = false;
  #open = true;

  private constructor(
    path: string,
    target: string,
    partial: string,
    file: FileHandle,
    replaces: boolean,
    fail: (error: unknown) => never,
  ) {
    this.#path = path;
    this.#target = target;
    this.#partial = partial;
    this.#file = file;
    this.#replaces = replaces;
    this.#fail = fail;
    process.once('exit', this.#onExit);
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION, or what `fail` throws; so do the other methods */
  static async create(
    path: string,
    { mode, replaces = true, fail = writeError }: AtomicFileOptions = {},
  ): Promise<AtomicFile> {
    const failed = (error: unknown): never => fail(path, error);
    const target = await targetOf(path).catch(failed);
    const before = await stat(target).catch(() => null);
    if (before?.isDirectory() === true) failed({ code: 'EISDIR' });
    if (before?.isFile() === false) failed(new Error('it is not a regular file; name another'));
    const partial = `${target}.${randomUUID().slice(0, 8)}.partial`;
    const file = await open(partial, 'wx', mode).catch(failed);
    return new AtomicFile(path, target, partial, file, replaces, failed);
  }

  /** Appends bytes. */
  async write(bytes: string | Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes).catch(this.#fail);
  }

  /** Writes bytes at an offset from the start of the file. */
  async writeAt(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file
        .write(bytes, done, bytes.length - done, position + done)
        .catch(this.#fail);
      done += bytesWritten;
    }
  }

  /** From here on the file is usable as it is: an early exit of the process commits it instead of removing it. */
  keepOnExit(): void {
    this.#keepsOnExit = true;
  }

  /** Puts the file in its place, on the disk. */
  async commit(): Promise<void> {
    await this.#file.sync().catch(this.#fail);
    await this.#file.close().catch(this.#fail);
    if (this.#isTaken()) {
      this.#end();
      this.#fail(
        new Error(`another run has written it meanwhile; what this one wrote is in ${this.#partial}`),
      );
    }
    await rename(this.#partial, this.#target).catch(this.#fail);
    this.#end();
  }

  /** Removes the temporary file; does nothing after `commit`. */
  async abandon(): Promise<void> {
    if (!this.#open) return;
    this.#end();
    await this.#file.close().catch(() => undefined);
    await rm(this.#partial, { force: true });
  }

  /** The path as it was given. */
  get path(): string {
    return this.#path;
  }

  /** Whether another's file has come into its place that must stay. */
  #isTaken(): boolean {
    return !this.#replaces && (statSync(this.#target, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  #end(): void {
    this.#open = false;
    process.off('exit', this.#onExit);
  }

  readonly #onExit = (): void => {
    try {
      if (!this.#keepsOnExit) rmSync(this.#partial, { force: true });
      else if (!this.#isTaken()) renameSync(this.#partial, this.#target);
    } catch {
      // The process is exiting: this can no longer be reported.
    }
  };
}

/** What `AtomicFile` appends to a target's name. */
const PARTIAL_ENDING = /\.[0-9a-f]{8}\.partial$/;

/**
 * Removes the temporary files that killed processes have left in a folder. The caller makes sure that nobody is writing them.
 * @param isTarget whether a name is that of a file that they would have become
 */
export async function removeAbandoned(folder: string, isTarget: (name: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const abandoned = names.filter(
    (name) => PARTIAL_ENDING.test(name) && isTarget(name.replace(PARTIAL_ENDING, '')),
  );
  for (const name of abandoned) await rm(join(folder, name), { force: true });
}

/**
 * The file that writing to a path writes to or makes: where symbolic links lead.
 * @throws the system's error ELOOP for links that lead to themselves
 */
export async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw error;
  }
  const link = await readlink(path).catch(() => null);
  if (link === null) return path;
  const folder = await realpath(dirname(path));
  return targetOf(resolve(folder, link));
}

/**
 * Writes a whole file atomically and makes its folders.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolders(dirname(path)).catch((error: unknown) => writeError(path, error));
  const file = await AtomicFile.create(path);
  try {
    await file.write(content);
    await file.commit();
  } finally {
    await file.abandon();
  }
}

/** @throws LongEmbedError ERR_INVALID_OPTION with the reason why the file cannot be written */
export function writeError(path: string, error: unknown): never {
  throw new LongEmbedError('ERR_INVALID_OPTION', `Cannot write to ${path}: ${writeFailure(error)}.`, {
    cause: error,
  });
}
