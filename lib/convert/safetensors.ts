import { type FileHandle, open, stat } from 'node:fs/promises';
import { LongEmbedError, readFailure } from '../error.js';
import { invalidCheckpoint } from './invalid.js';
import { isObject } from './json-file.js';
import { NUMBER_TYPES } from './number-types.js';

/** A tensor of a safetensors file and where its numbers lie. */
export interface Weight {
  readonly name: string;
  /** Type of its numbers, as the header names it. */
  readonly type: string;
  /** The slowest-running dimension first: [rows, columns]. */
  readonly shape: readonly number[];
  /** How many numbers it has. */
  readonly count: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** Length of the number that begins a file: the size of its header. */
const LENGTH_BYTES = 8;

/** Limit of the format's own reader. */
const MAX_HEADER_BYTES = 100_000_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** A safetensors file that is open for reading: its header in memory, the numbers on disk. */
export class SafetensorsFile implements AsyncDisposable {
  readonly path: string;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, weights: ReadonlyMap<string, Weight>) {
    this.path = path;
    this.#file = file;
    this.weights = weights;
  }

  /** @throws LongEmbedError ERR_MODEL_INVALID; so do the other methods */
  static async open(path: string): Promise<SafetensorsFile> {
    const unreadable = (error: unknown): never => {
      throw invalidCheckpoint(path, `${readFailure(error)}.`, error);
    };
    // Before it is opened: opening a pipe waits for a writer.
    const isFile = (await stat(path).catch(unreadable)).isFile();
    if (!isFile) throw invalidCheckpoint(path, 'it is not a regular file.');
    const file = await open(path, 'r').catch(unreadable);
    try {
      const { size } = await file.stat();
      return new SafetensorsFile(path, file, await readHeader(path, file, size));
    } catch (error) {
      await file.close();
      throw error instanceof LongEmbedError
        ? error
        : invalidCheckpoint(path, `${(error as Error).message}.`, error);
    }
  }

  /** Fills `into` with the bytes from an offset in the file. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    await readFully(this.path, this.#file, offset, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function readFully(path: string, file: FileHandle, offset: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file
      .read(into, done, into.length - done, offset + done)
      .catch((error: unknown) => {
        throw invalidCheckpoint(path, `it cannot be read: ${(error as Error).message}.`, error);
      });
    if (bytesRead === 0) throw invalidCheckpoint(path, 'it was truncated while it was read.');
    done += bytesRead;
  }
}

async function readHeader(
  path: string,
  file: FileHandle,
  size: number,
): Promise<ReadonlyMap<string, Weight>> {
  if (size < LENGTH_BYTES) throw invalidCheckpoint(path, 'it is cut short: it has no header.');
  const begin = Buffer.alloc(LENGTH_BYTES);
  await readFully(path, file, 0, begin);
  const length = begin.readBigUInt64LE();
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalidCheckpoint(
      path,
      `it says that its header has ${length} bytes: it is not a safetensors file.`,
    );
  }
  if (length > BigInt(size - LENGTH_BYTES)) {
    throw invalidCheckpoint(path, `it is cut short: its header has ${length} bytes, the file ${size}.`);
  }
  const bytes = Buffer.alloc(Number(length));
  await readFully(path, file, LENGTH_BYTES, bytes);
  let header: unknown;
  try {
    header = JSON.parse(UTF8.decode(bytes));
  } catch (error) {
    throw invalidCheckpoint(path, 'its header is not valid JSON.', error);
  }
  if (!isObject(header)) throw invalidCheckpoint(path, 'its header is not a JSON object.');
  return weightsOf(path, header, LENGTH_BYTES + Number(length), size);
}

function weightsOf(
  path: string,
  header: Readonly<Record<string, unknown>>,
  dataBegin: number,
  size: number,
): ReadonlyMap<string, Weight> {
  const weights = new Map<string, Weight>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { weight, end } = weightOf(path, name, entry, dataBegin, size);
    weights.set(name, weight);
    if (end > weight.offset) ranges.push({ name, begin: weight.offset, end });
  }
  ranges.sort((a, b) => a.begin - b.begin);
  ranges.forEach(({ name, begin }, i) => {
    const before = ranges[i - 1];
    if (before === undefined || before.end <= begin) return;
    throw invalidCheckpoint(path, `its tensors ${shown(before.name)} and ${shown(name)} overlap.`);
  });
  return weights;
}

function weightOf(
  path: string,
  name: string,
  entry: unknown,
  dataBegin: number,
  size: number,
): { weight: Weight; end: number } {
  const wrong = (why: string): Error => invalidCheckpoint(path, `its tensor ${shown(name)} ${why}.`);
  if (!isObject(entry)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = typeof dtype === 'string' ? NUMBER_TYPES.get(dtype) : undefined;
  if (typeof dtype !== 'string' || type === undefined) {
    throw wrong(`is of the type ${JSON.stringify(dtype ?? null).slice(0, 40)}, which is not known`);
  }
  if (!isListOfSizes(shape)) throw wrong('has no valid shape');
  if (!isListOfSizes(offsets) || offsets.length !== 2) throw wrong('has no valid data_offsets');
  const [begin = 0, end = 0] = offsets;
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  if (!Number.isSafeInteger(count * type.bytes) || end - begin !== count * type.bytes) {
    throw wrong(`has the shape ${shape.join(' × ')} in ${dtype}, but ${end - begin} bytes of data`);
  }
  if (dataBegin + end > size) {
    throw wrong(`ends at byte ${dataBegin + end}, the file at ${size}: it is cut short; download it again`);
  }
  return { weight: { name, type: dtype, shape, count, offset: dataBegin + begin }, end: dataBegin + end };
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 97)}…` : name);
}
