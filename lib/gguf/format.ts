/** The numbers of the GGUF format (versions 2 and 3, little-endian), as ggml's gguf.h and ggml.h define them. */

export const MAGIC = 'GGUF';

/** Where tensors begin when `general.alignment` does not say otherwise: at multiples of so many bytes. */
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

/** A metadata key with its value exactly as it stands in the file. */
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

/** A bound on what a header may take, against broken files: the largest vocabularies need some 20 MB. */
export const MOST_HEADER_BYTES = 2 ** 30;

/** Bytes missing to the next multiple of the alignment. */
export function padding(length: number, alignment: number): number {
  return (alignment - (length % alignment)) % alignment;
}
