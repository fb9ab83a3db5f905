import { MAGIC, type MetadataEntry, padding, type TensorInfo, VALUE_TYPES } from './format.js';
import { lengthAndText } from './value.js';

/** A tensor and where its data comes from. */
export interface TensorSource extends TensorInfo {
  /** Its bytes, `byteLength` in all, piece by piece. A piece is used before the next is requested. */
  readonly data: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The content of a file to be written. */
export interface GgufContent {
  /** 2 or 3: little-endian files of both differ only in this number. */
  readonly version: number;
  /** The value of `general.alignment`, or 32. */
  readonly alignment: number;
  readonly metadata: readonly MetadataEntry[];
  readonly tensors: readonly TensorSource[];
}

/** The size of the file in bytes. */
export function ggufSize(content: GgufContent): number {
  const header = ggufHeader(content).length;
  return content.tensors.reduce((sum, tensor) => sum + padded(tensor, content), header);
}

/** The bytes of the file, piece by piece: a file may be larger than memory. */
export async function* ggufPieces(content: GgufContent): AsyncGenerator<Uint8Array> {
  yield ggufHeader(content);
  for (const tensor of content.tensors) {
    yield* tensor.data();
    yield new Uint8Array(padding(tensor.byteLength, content.alignment));
  }
}

/** Everything before the tensors' data. */
export function ggufHeader(content: GgufContent): Uint8Array {
  const { version, alignment, metadata, tensors } = content;
  const parts: Uint8Array[] = [Buffer.from(MAGIC), u32(version), u64(tensors.length), u64(metadata.length)];
  for (const { key, type, bytes } of metadata) parts.push(lengthAndText(key), u32(VALUE_TYPES[type]), bytes);
  let offset = 0;
  for (const tensor of tensors) {
    const { name, shape, type } = tensor;
    parts.push(lengthAndText(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset));
    offset += padded(tensor, content);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, new Uint8Array(padding(length, alignment))]);
}

function padded({ byteLength }: TensorInfo, { alignment }: GgufContent): number {
  return byteLength + padding(byteLength, alignment);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
