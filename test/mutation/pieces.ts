/** A GGUF file taken apart as far as mutations need: what can be changed in it without losing the rest. */
import { parseHeader } from '../../lib/gguf/parse.js';
import { type MetadataEntry, padding, VALUE_TYPES } from '../../lib/gguf/format.js';

/** A row of the tensor table, every number free to be wrong. */
export interface TensorRow {
  name: string;
  shape: bigint[];
  type: number;
  offset: bigint;
}

export interface Pieces {
  version: number;
  metadata: MetadataEntry[];
  tensors: TensorRow[];
  /** What the header says of the two, if not the truth. */
  counts: { tensors: bigint | null; metadata: bigint | null };
  data: Uint8Array;
}

export function takeApart(file: Uint8Array): Pieces {
  const header = parseHeader(file, file.length);
  const start = Math.min(...header.tensors.map(({ offset }) => offset), file.length);
  return {
    version: header.version,
    metadata: [...header.metadata],
    tensors: header.tensors.map(({ name, shape, type, offset }) => ({
      name,
      shape: shape.map(BigInt),
      type,
      offset: BigInt(offset - start),
    })),
    counts: { tensors: null, metadata: null },
    data: file.subarray(start),
  };
}

export function putTogether(
  { version, metadata, tensors, counts, data }: Pieces,
  alignment = 32,
): Uint8Array {
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(counts.tensors ?? BigInt(tensors.length)),
    u64(counts.metadata ?? BigInt(metadata.length)),
    ...metadata.flatMap(({ key, type, bytes }) => [text(key), u32(VALUE_TYPES[type]), bytes]),
    ...tensors.flatMap(({ name, shape, type, offset }) => [
      text(name),
      u32(shape.length),
      ...shape.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  return Buffer.concat([header, new Uint8Array(padding(header.length, alignment)), data]);
}

/** Adds a tensor of F32 numbers. */
export function addTensor(
  pieces: Pieces,
  name: string,
  shape: readonly number[],
  numbers: Float32Array,
): void {
  const gap = padding(pieces.data.length, 32);
  pieces.tensors.push({
    name,
    shape: shape.map(BigInt),
    type: 0,
    offset: BigInt(pieces.data.length + gap),
  });
  pieces.data = Buffer.concat([pieces.data, new Uint8Array(gap), Buffer.from(numbers.buffer)]);
}

/** An array of whole numbers, as a key's value has it. */
export function i32Array(numbers: readonly number[]): Uint8Array {
  return Buffer.concat([u32(VALUE_TYPES.i32), u64(BigInt(numbers.length)), ...numbers.map(u32)]);
}

export function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(BigInt(bytes.length)), bytes]);
}

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

export function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}
