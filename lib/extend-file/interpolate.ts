import { BF16, F16, F32 } from '../gguf/index.js';

/** A matrix of a file. */
export interface Matrix {
  readonly columns: number;
  readonly rows: number;
  /** ggml's number. */
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Approximate size of a generated piece. */
const PIECE_BYTES = 1 << 20;

/** Rows of a matrix, byte for byte, in the order of `indices`. */
export function* copiedRows({ rows, bytes }: Matrix, indices: ArrayLike<number>): Generator<Uint8Array> {
  const rowBytes = bytes.length / rows;
  for (const [begin, end] of pieces(indices.length, rowBytes)) {
    const piece = new Uint8Array((end - begin) * rowBytes);
    for (let i = begin; i < end; i += 1) {
      const from = (indices[i] ?? 0) * rowBytes;
      piece.set(bytes.subarray(from, from + rowBytes), (i - begin) * rowBytes);
    }
    yield piece;
  }
}

/**
 * Rows at fractional positions as F32: lower + fraction × (upper − lower), in float32 as the native side computes it;
 * past the last row, the last row.
 */
export function* interpolatedRows(matrix: Matrix, positions: Float32Array): Generator<Uint8Array> {
  const numbers = numbersOf(matrix);
  for (const [begin, end] of pieces(positions.length, matrix.columns * 4)) {
    const piece = Buffer.alloc((end - begin) * matrix.columns * 4);
    interpolate(matrix, numbers, positions.subarray(begin, end), (i, value) =>
      piece.writeFloatLE(value, 4 * i),
    );
    yield piece;
  }
}

/** The same as numbers, [positions][columns]. */
export function numbersAt(matrix: Matrix, positions: Float32Array): Float32Array {
  const rows = new Float32Array(positions.length * matrix.columns);
  interpolate(matrix, numbersOf(matrix), positions, (i, value) => (rows[i] = value));
  return rows;
}

function interpolate(
  { columns, rows }: Matrix,
  numbers: Float32Array,
  positions: Float32Array,
  put: (i: number, value: number) => void,
): void {
  const round = Math.fround;
  positions.forEach((given, i) => {
    const position = Math.min(given, rows - 1);
    const lower = Math.floor(position);
    const upper = Math.min(lower + 1, rows - 1);
    const fraction = round(position - lower);
    for (let column = 0; column < columns; column += 1) {
      const from = numbers[lower * columns + column] ?? 0;
      const step = round((numbers[upper * columns + column] ?? 0) - from);
      put(i * columns + column, round(from + round(step * fraction)));
    }
  });
}

/** Whether the numbers of a type can be read, as interpolation needs. */
export function isReadable(type: number): boolean {
  return type === F32 || type === F16 || type === BF16;
}

/** Ranges of rows, about PIECE_BYTES each. */
function* pieces(rows: number, rowBytes: number): Generator<readonly [begin: number, end: number]> {
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  for (let begin = 0; begin < rows; begin += atOnce) yield [begin, Math.min(begin + atOnce, rows)];
}

function numbersOf({ columns, rows, type, bytes }: Matrix): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: (i: number) => number =
    type === F32
      ? (i) => view.getFloat32(4 * i, true)
      : type === F16
        ? (i) => halfToNumber(view.getUint16(2 * i, true))
        : (i) => brainToNumber(view.getUint16(2 * i, true));
  return Float32Array.from({ length: rows * columns }, (_, i) => read(i));
}

/** IEEE 754 half precision. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function brainToNumber(bits: number): number {
  scratch.setUint16(0, bits);
  return scratch.getFloat32(0);
}
