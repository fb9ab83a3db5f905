import { createHash } from 'node:crypto';
import { getSystemErrorName } from 'node:util';
import type { RootDatabase } from 'lmdb';
import { type LongEmbedError, writeFailure } from '../../../lib/error.js';
import { freeBytes } from '../disk-space.js';
import { checkStore } from './check.js';
import { damaged, invalid, prepareCacheFolder } from './folder.js';
import { openStore } from './lmdb.js';

/** Bytes of the checksum before every value. */
const CHECKSUM = 8;

/**
 * Room that LMDB must find beside the value, for pages of its own, in bytes. Nearly full disks are taken for full: lmdb 3.5
 * writes past the end of a buffer when the system refuses it a write, and the pages of its lock file must be there.
 */
const ROOM = 1 << 20;

/** LMDB's number for a file that cannot grow further. */
const MDB_MAP_FULL = -30792;

/**
 * Bytes by key on the disk, for several processes at once. What `put` was given is durable when it returns: a process
 * that dies later, or a machine that does, loses none of it. Writing is synchronous on purpose: lmdb 3.5's asynchronous
 * writes end the process when the disk is full.
 */
export class Store {
  readonly folder: string;
  readonly #database: RootDatabase<Buffer, Buffer>;

  private constructor(folder: string, database: RootDatabase<Buffer, Buffer>) {
    this.folder = folder;
    this.#database = database;
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the folder is no cache, one of another format, damaged, or not writable */
  static async open(folder: string): Promise<Store> {
    await prepareCacheFolder(folder);
    checkRoom(folder, 0);
    await checkStore(folder);
    try {
      return new Store(folder, openStore(folder, false));
    } catch (error) {
      throw storeError(folder, error);
    }
  }

  has(key: Buffer): boolean {
    try {
      return this.#database.doesExist(key);
    } catch (error) {
      throw storeError(this.folder, error);
    }
  }

  /** @returns null when there is none; the bytes are the caller's own */
  get(key: Buffer): Buffer | null {
    const stored = this.#read(key);
    if (stored === undefined) return null;
    const value = stored.subarray(CHECKSUM);
    if (stored.length < CHECKSUM || !stored.subarray(0, CHECKSUM).equals(checksum(value))) {
      throw damaged(this.folder, 'an entry is not what was stored');
    }
    return value;
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the disk is full, or the file cannot be written for another reason */
  put(key: Buffer, value: Buffer): void {
    checkRoom(this.folder, value.length);
    try {
      this.#database.putSync(key, Buffer.concat([checksum(value), value]));
    } catch (error) {
      throw storeError(this.folder, error);
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #read(key: Buffer): Buffer | undefined {
    try {
      return this.#database.get(key);
    } catch (error) {
      throw storeError(this.folder, error);
    }
  }
}

function checksum(value: Buffer): Buffer {
  return createHash('sha256').update(value).digest().subarray(0, CHECKSUM);
}

function checkRoom(folder: string, bytes: number): void {
  if (freeBytes(folder) < bytes + ROOM) throw notWritten(folder, { code: 'ENOSPC' });
}

/** LMDB gives the system's error numbers, and numbers of its own below zero. */
function storeError(folder: string, error: unknown): LongEmbedError {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== 'number' || (code < 0 && code !== MDB_MAP_FULL)) {
    return damaged(folder, message.replace(/\.$/, ''), error);
  }
  return notWritten(folder, { code: code < 0 ? 'ENOSPC' : systemName(code), message }, error);
}

function notWritten(
  folder: string,
  failure: { code: string; message?: string },
  cause?: unknown,
): LongEmbedError {
  return invalid(
    `Cannot write to the cache in ${folder}: ${writeFailure(failure)}. What was stored stays valid: make room, or give another ` +
      '--cache, and run the same command again.',
    cause,
  );
}

function systemName(code: number): string {
  // Windows' ERROR_DISK_FULL has no name in Node.
  return process.platform === 'win32' && code === 112 ? 'ENOSPC' : getSystemErrorName(-code);
}
