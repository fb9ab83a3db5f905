import { type MetadataEntry, type ScalarType, VALUE_TYPES } from './format.js';

/** A metadata value that is not an array; 64-bit integers are bigints. */
export type Scalar = number | bigint | boolean | string;

/** The value of an entry; null for an array. Text that is not UTF-8 has replacement characters. */
export function scalarOf({ type, bytes }: MetadataEntry): Scalar | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'u8':
      return view.getUint8(0);
    case 'i8':
      return view.getInt8(0);
    case 'u16':
      return view.getUint16(0, true);
    case 'i16':
      return view.getInt16(0, true);
    case 'u32':
      return view.getUint32(0, true);
    case 'i32':
      return view.getInt32(0, true);
    case 'f32':
      return view.getFloat32(0, true);
    case 'f64':
      return view.getFloat64(0, true);
    case 'u64':
      return view.getBigUint64(0, true);
    case 'i64':
      return view.getBigInt64(0, true);
    case 'bool':
      return view.getUint8(0) !== 0;
    case 'string':
      // Its length in 8 bytes comes first.
      return new TextDecoder().decode(bytes.subarray(8));
    case 'array':
      return null;
  }
}

/** The value as a safe integer; null when it is not one. */
export function wholeNumberOf(entry: MetadataEntry): number | null {
  const value = scalarOf(entry);
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null;
}

/** The number of elements of an array; null when the entry is not an array. */
export function arrayLengthOf({ type, bytes }: MetadataEntry): number | null {
  if (type !== 'array') return null;
  // The type of its elements, in 4 bytes, comes first.
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(4, true));
}

export function u32Entry(key: string, value: number): MetadataEntry {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return { key, type: 'u32', bytes };
}

export function f32Entry(key: string, value: number): MetadataEntry {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return { key, type: 'f32', bytes };
}

export function stringEntry(key: string, value: string): MetadataEntry {
  return { key, type: 'string', bytes: lengthAndText(value) };
}

/** A text as GGUF stores it: its length in bytes, then its UTF-8. */
export function lengthAndText(text: string): Uint8Array {
  const encoded = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(encoded.length));
  return Buffer.concat([length, encoded]);
}

export function boolEntry(key: string, value: boolean): MetadataEntry {
  return { key, type: 'bool', bytes: Uint8Array.of(value ? 1 : 0) };
}

export function stringsEntry(key: string, values: readonly string[]): MetadataEntry {
  return arrayEntry(key, 'string', values.length, Buffer.concat(values.map(lengthAndText)));
}

export function f32sEntry(key: string, values: readonly number[]): MetadataEntry {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return arrayEntry(key, 'f32', values.length, bytes);
}

export function i32sEntry(key: string, values: readonly number[]): MetadataEntry {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32LE(value, 4 * i));
  return arrayEntry(key, 'i32', values.length, bytes);
}

/** An array of u8. */
export function bytesEntry(key: string, values: Uint8Array): MetadataEntry {
  return arrayEntry(key, 'u8', values.length, values);
}

function arrayEntry(
  key: string,
  type: ScalarType | 'string',
  count: number,
  elements: Uint8Array,
): MetadataEntry {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(VALUE_TYPES[type]);
  head.writeBigUInt64LE(BigInt(count), 4);
  return { key, type: 'array', bytes: Buffer.concat([head, elements]) };
}
