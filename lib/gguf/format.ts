/** The numbers of the GGUF format (versions 2 and 3, little-endian), as ggml's gguf.h and ggml.h define them. */

export const MAGIC = 'GGUF';

/** Where tensors begin when `general.alignment` does not say otherwise: at multiples of this many bytes. */
export const DEFAULT_ALIGNMENT = 32;

/** The types of metadata values. */
export const VALUE_TYPES = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;

export type ValueType = keyof typeof VALUE_TYPES;
export type ScalarType = Exclude<ValueType, 'string' | 'array'>;

/** Bytes of a value of each type of one size. */
export const SCALAR_BYTES: Readonly<Record<ScalarType, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  u64: 8,
  i64: 8,
  f64: 8,
};

const NAMES = new Map<number, ValueType>(
  (Object.entries(VALUE_TYPES) as [ValueType, number][]).map(([name, id]) => [id, name]),
);

export function valueTypeOf(id: number): ValueType | undefined {
  return NAMES.get(id);
}

/** A metadata key with its value exactly as stored in the file. */
export interface MetadataEntry {
  readonly key: string;
  readonly type: ValueType;
  /** The value without its type; of an array, with the type and number of its elements. */
  readonly bytes: Uint8Array;
}

/** A tensor of the file's table. */
export interface TensorInfo {
  readonly name: string;
  /** The fastest-running dimension first: [columns, rows]. */
  readonly shape: readonly number[];
  /** ggml's number of its type. */
  readonly type: number;
  readonly byteLength: number;
}

/** Limit on the size of a header, against damaged files: the largest vocabularies need some 20 MB. */
export const MAX_HEADER_BYTES = 2 ** 30;

/** Padding bytes up to the next multiple of the alignment. */
export function padding(length: number, alignment: number): number {
  return (alignment - (length % alignment)) % alignment;
}

/** ggml's tensor types: a row is stored in blocks of `blockSize` numbers and `blockBytes` bytes. */
interface TensorType {
  readonly name: string;
  readonly blockSize: number;
  readonly blockBytes: number;
}

const type = (name: string, blockSize: number, blockBytes: number): TensorType => ({
  name,
  blockSize,
  blockBytes,
});

/** By ggml's number. Those that ggml took out of the format have none. */
const TENSOR_TYPES: Readonly<Record<number, TensorType>> = {
  0: type('F32', 1, 4),
  1: type('F16', 1, 2),
  2: type('Q4_0', 32, 18),
  3: type('Q4_1', 32, 20),
  6: type('Q5_0', 32, 22),
  7: type('Q5_1', 32, 24),
  8: type('Q8_0', 32, 34),
  9: type('Q8_1', 32, 36),
  10: type('Q2_K', 256, 84),
  11: type('Q3_K', 256, 110),
  12: type('Q4_K', 256, 144),
  13: type('Q5_K', 256, 176),
  14: type('Q6_K', 256, 210),
  15: type('Q8_K', 256, 292),
  16: type('IQ2_XXS', 256, 66),
  17: type('IQ2_XS', 256, 74),
  18: type('IQ3_XXS', 256, 98),
  19: type('IQ1_S', 256, 50),
  20: type('IQ4_NL', 32, 18),
  21: type('IQ3_S', 256, 110),
  22: type('IQ2_S', 256, 82),
  23: type('IQ4_XS', 256, 136),
  24: type('I8', 1, 1),
  25: type('I16', 1, 2),
  26: type('I32', 1, 4),
  27: type('I64', 1, 8),
  28: type('F64', 1, 8),
  29: type('IQ1_M', 256, 56),
  30: type('BF16', 1, 2),
  34: type('TQ1_0', 256, 54),
  35: type('TQ2_0', 256, 66),
  39: type('MXFP4', 32, 17),
  40: type('NVFP4', 64, 36),
  41: type('Q1_0', 128, 18),
  42: type('Q2_0', 64, 18),
};

/** The types whose numbers longembed reads. */
export const F32 = 0;
export const F16 = 1;
export const BF16 = 30;

/** Blocks of 32 numbers with a scale. */
export const Q8_0 = 8;

/** The usual name of a type. */
export function tensorTypeName(id: number): string {
  return TENSOR_TYPES[id]?.name ?? `type ${id}`;
}

/** Bytes of a tensor; null when the type is not known or its rows are not a whole number of blocks. */
export function tensorBytes(id: number, shape: readonly number[]): number | null {
  const known = TENSOR_TYPES[id];
  const [columns = 1, ...others] = shape;
  if (known === undefined || columns % known.blockSize !== 0) return null;
  const rows = others.reduce((product, size) => product * size, 1);
  return (columns / known.blockSize) * known.blockBytes * rows;
}
