import {
  DEFAULT_ALIGNMENT,
  MAGIC,
  type MetadataEntry,
  padding,
  SCALAR_BYTES,
  type TensorInfo,
  type ValueType,
  valueTypeOf,
  tensorBytes,
} from './format.js';
import { wholeNumberOf } from './value.js';

/** The header is not valid. The message is a clause with a full stop. */
export class InvalidGguf extends Error {
  override readonly name = 'InvalidGguf';
}

/** The given bytes end within the header; the file has more. */
export class MoreNeeded extends Error {
  override readonly name = 'MoreNeeded';
  /** Bytes from the start of the file that the header needs, at least. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`at least ${bytes} bytes of the header are needed`);
    this.bytes = bytes;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads little-endian values one after the other from the start of a file. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileSize: number;
  at = 0;

  /** @param bytes the file's first bytes, perhaps all of them */
  constructor(bytes: Uint8Array, fileSize: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
  }

  /** Goes past `length` bytes. @returns where they begin */
  skip(length: number): number {
    const begin = this.at;
    const end = begin + length;
    if (end > this.#fileSize) throw new InvalidGguf('it is cut short: it ends within its header.');
    if (end > this.#bytes.length) throw new MoreNeeded(end);
    this.at = end;
    return begin;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** A u64 as a number; a value beyond 2^53 cannot be a size in a file. */
  size(): number {
    const begin = this.skip(8);
    const value = this.#view.getUint32(begin, true) + this.#view.getUint32(begin + 4, true) * 2 ** 32;
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidGguf(`its header gives a size of ${value}, which is impossible.`);
  }

  text(): string {
    const length = this.size();
    const begin = this.skip(length);
    try {
      return UTF8.decode(this.#bytes.subarray(begin, this.at));
    } catch (error) {
      throw new InvalidGguf('a name in its header is not UTF-8.', { cause: error });
    }
  }

  /** The bytes from `begin` to here. */
  since(begin: number): Uint8Array {
    return this.#bytes.subarray(begin, this.at);
  }
}

/** A tensor and where its data lies. */
export interface StoredTensor extends TensorInfo {
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** Everything before the tensors' data. */
export interface GgufHeader {
  readonly version: number;
  readonly alignment: number;
  readonly metadata: readonly MetadataEntry[];
  readonly tensors: readonly StoredTensor[];
}

const MAX_DIMENSIONS = 4;

/**
 * Reads the header of a GGUF file.
 * @param bytes the file's first bytes; views of them are what the entries hold
 * @throws MoreNeeded when the header continues past `bytes`; InvalidGguf when it is not a GGUF file, or is truncated
 */
export function parseHeader(bytes: Uint8Array, fileSize: number): GgufHeader {
  const cursor = new Cursor(bytes, fileSize);
  const version = readVersion(cursor);
  const [tensorCount, entryCount] = [cursor.size(), cursor.size()];
  const metadata: MetadataEntry[] = [];
  for (let i = 0; i < entryCount; i += 1) metadata.push(readEntry(cursor));
  refuseTwice(
    'key',
    metadata.map(({ key }) => key),
  );
  const alignment = alignmentOf(metadata);
  const table: StoredTensor[] = [];
  for (let i = 0; i < tensorCount; i += 1) table.push(readTensor(cursor));
  refuseTwice(
    'tensor',
    table.map(({ name }) => name),
  );
  const data = cursor.at + padding(cursor.at, alignment);
  const tensors = table.map((tensor) => ({ ...tensor, offset: data + tensor.offset }));
  for (const tensor of tensors) checkWithin(tensor, fileSize);
  return { version, alignment, metadata, tensors };
}

function readVersion(cursor: Cursor): number {
  const begin = cursor.skip(MAGIC.length);
  if (Buffer.from(cursor.since(begin)).toString('latin1') !== MAGIC) {
    throw new InvalidGguf('it does not begin with "GGUF".');
  }
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  throw new InvalidGguf(
    version % 2 ** 16 === 0
      ? 'it is big-endian; only little-endian files can be extended.'
      : `it is of GGUF version ${version}; only versions 2 and 3 can be extended.`,
  );
}

function readEntry(cursor: Cursor): MetadataEntry {
  const key = cursor.text();
  const type = readType(cursor, key);
  const begin = cursor.at;
  if (type === 'array') skipArray(cursor, key);
  else skipValues(cursor, type, 1);
  return { key, type, bytes: cursor.since(begin) };
}

/** Of two values of one name, which of them counts differs between programs. Engines refuse such a file, too. */
function refuseTwice(what: 'key' | 'tensor', names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new InvalidGguf(`it has the ${what} ${JSON.stringify(name)} twice.`);
    seen.add(name);
  }
}

function readType(cursor: Cursor, key: string): ValueType {
  const id = cursor.u32();
  const type = valueTypeOf(id);
  if (type !== undefined) return type;
  throw new InvalidGguf(`its key ${JSON.stringify(key)} is of the unknown type ${id}.`);
}

function skipArray(cursor: Cursor, key: string): void {
  const type = readType(cursor, key);
  if (type === 'array') throw new InvalidGguf(`its key ${JSON.stringify(key)} is an array of arrays.`);
  skipValues(cursor, type, cursor.size());
}

function skipValues(cursor: Cursor, type: Exclude<ValueType, 'array'>, count: number): void {
  if (type !== 'string') cursor.skip(count * SCALAR_BYTES[type]);
  else for (let i = 0; i < count; i += 1) cursor.skip(cursor.size());
}

function alignmentOf(metadata: readonly MetadataEntry[]): number {
  const entry = metadata.find(({ key }) => key === 'general.alignment');
  if (entry === undefined) return DEFAULT_ALIGNMENT;
  const alignment = wholeNumberOf(entry);
  if (alignment !== null && alignment > 0 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw new InvalidGguf('its general.alignment is not a power of two.');
}

/** `offset` is still from the start of the data. */
function readTensor(cursor: Cursor): StoredTensor {
  const name = cursor.text();
  const dimensions = cursor.u32();
  if (dimensions > MAX_DIMENSIONS) {
    throw new InvalidGguf(`its tensor ${JSON.stringify(name)} has ${dimensions} dimensions.`);
  }
  const shape = Array.from({ length: dimensions }, () => cursor.size());
  const type = cursor.u32();
  const offset = cursor.size();
  const byteLength = tensorBytes(type, shape);
  if (byteLength !== null && Number.isSafeInteger(byteLength)) {
    return { name, shape, type, byteLength, offset };
  }
  throw new InvalidGguf(
    `its tensor ${JSON.stringify(name)} is of type ${type} and shape ${shape.join(' × ')}, which longembed does not know.`,
  );
}

function checkWithin({ name, offset, byteLength }: StoredTensor, fileSize: number): void {
  const end = offset + byteLength;
  if (end <= fileSize) return;
  throw new InvalidGguf(
    `it is cut short: its tensor ${JSON.stringify(name)} ends at byte ${end}, the file at ${fileSize}. Download it again.`,
  );
}
