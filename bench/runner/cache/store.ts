import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFailure } from '../../../lib/error.js';
import { damaged, invalid, prepareCacheFolder } from './folder.js';

/** Bytes of the checksum before every value. */
const CHECKSUM_BYTES = 8;

/**
 * A folder with one file per entry, named by its key, for several processes at once. An entry is written to a temporary file,
 * synchronised and renamed, so it is complete or missing after a crash of the process or the machine. What `put` was given
 * survives a crash of the process as soon as `put` returns.
 */
export class Store {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the folder is not a cache, or has another format, is damaged or not writable */
  static async open(folder: string): Promise<Store> {
    await prepareCacheFolder(folder);
    return new Store(folder);
  }

  has(key: Buffer): boolean {
    return existsSync(this.#fileOf(key));
  }

  /**
   * @returns null when there is no such entry
   * @throws LongEmbedError ERR_INVALID_OPTION when the entry is damaged
   */
  get(key: Buffer): Buffer | null {
    const stored = this.#read(key);
    if (stored === null) return null;
    const value = stored.subarray(CHECKSUM_BYTES);
    if (!stored.subarray(0, CHECKSUM_BYTES).equals(checksum(value))) {
      throw damaged(this.folder, 'an entry does not match its checksum');
    }
    return value;
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the disk is full, or the file cannot be written for another reason */
  put(key: Buffer, value: Buffer): void {
    const file = this.#fileOf(key);
    const partial = `${file}.${randomUUID().slice(0, 8)}.partial`;
    try {
      makeFolder(dirname(file));
      writeSynced(partial, [checksum(value), value]);
      renameSync(partial, file);
    } catch (error) {
      rmSync(partial, { force: true });
      throw invalid(
        `Cannot write to the cache in ${this.folder}: ${writeFailure(error)}. Stored entries stay valid: free some space, or give ` +
          'another --cache, and run the same command again.',
        error,
      );
    }
  }

  #read(key: Buffer): Buffer | null {
    try {
      return readFileSync(this.#fileOf(key));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw damaged(this.folder, `an entry cannot be read (${message})`, error);
    }
  }

  /** Spread over 256 folders, as some tools are slow with very large folders. */
  #fileOf(key: Buffer): string {
    const name = key.toString('hex');
    return join(this.folder, name.slice(0, 2), name.slice(2));
  }
}

/** Within the cache's own folder. Another process may make the same one. @throws the system's error */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function checksum(value: Buffer): Buffer {
  return createHash('sha256').update(value).digest().subarray(0, CHECKSUM_BYTES);
}

/** @throws the system's error, also when only a part could be written */
function writeSynced(file: string, parts: readonly Buffer[]): void {
  const handle = openSync(file, 'wx');
  try {
    const bytes = Buffer.concat(parts);
    for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
    // Otherwise the file could appear under its name before its content is on the disk.
    fdatasyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
