import { readFile, stat } from 'node:fs/promises';
import { readFailure } from '../error.js';
import { invalidCheckpoint } from './invalid.js';

/** The largest text that is read: tokenizers of 262,144 tokens need some 35 MB. */
const MAX_TEXT_BYTES = 256 << 20;

/** No size or count of a model is larger. */
const MAX_WHOLE = 2 ** 30;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A whole text file; undefined when there is no such file.
 * @throws LongEmbedError ERR_MODEL_INVALID when it is too large, unreadable, or no regular file
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw invalidCheckpoint(path, 'it is not a regular file.');
    if (stats.size > MAX_TEXT_BYTES) {
      throw invalidCheckpoint(path, `it has ${stats.size} bytes, more than any such file needs.`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ERR_MODEL_INVALID') throw error;
    throw invalidCheckpoint(path, `${readFailure(error)}.`, error);
  }
}

/**
 * The value in a JSON file; undefined when there is no such file.
 * @throws LongEmbedError ERR_MODEL_INVALID as above, and when it is no JSON
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalidCheckpoint(path, 'it is not valid JSON.', error);
  }
}

/** The keys of a JSON object, each checked when it is read, so that an error names file and key. */
export class Settings {
  readonly path: string;
  readonly #values: JsonObject;

  constructor(path: string, values: JsonObject) {
    this.path = path;
    this.#values = values;
  }

  /** @throws LongEmbedError ERR_MODEL_INVALID when the file holds no object; so do the other methods */
  static async read(path: string): Promise<Settings | null> {
    const value = await readJson(path);
    if (value === undefined) return null;
    if (isObject(value)) return new Settings(path, value);
    throw invalidCheckpoint(path, 'it does not hold a JSON object.');
  }

  /** The value as it is; undefined when there is none, or null. */
  get(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined;
  }

  /** A whole number from `min` to `max`. */
  whole(key: string, fallback?: number, { min = 1, max = MAX_WHOLE } = {}): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    throw this.wrong(key, `it must be a whole number from ${min} to ${max}`);
  }

  /** A finite number above 0. */
  positive(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.wrong(key, 'it must be a number above 0');
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, 'it must be true or false');
  }

  text(key: string, fallback?: string): string {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.wrong(key, 'it must be a text');
  }

  list(key: string): readonly unknown[] {
    const value = this.get(key);
    if (Array.isArray(value)) return value;
    throw this.wrong(key, 'it must be a list');
  }

  /** An object within; null when there is none. */
  inner(key: string): Settings | null {
    const value = this.get(key);
    if (value === undefined) return null;
    if (isObject(value)) return new Settings(this.path, value);
    throw this.wrong(key, 'it must be an object');
  }

  /** All keys with their values. */
  entries(): [string, unknown][] {
    return Object.entries(this.#values);
  }

  /** @param why a clause */
  wrong(key: string, why: string): Error {
    const value = this.get(key);
    const shown = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 60)}`;
    return invalidCheckpoint(this.path, `its key ${JSON.stringify(key)} ${shown}: ${why}.`);
  }
}
