/**
 * Encodes float32 numbers into ggml's tensor types (block layouts: ggml-common.h). The quantizers take the plainest scales
 * that span a block's numbers; llama-quantize searches for better ones. test/native/dequantize.ts decodes them.
 */

/** ggml's number of each type that can be written. */
export const TENSOR_TYPE_IDS = { F32: 0, F16: 1, BF16: 30, Q8_0: 8, Q4_K: 12, Q6_K: 14 } as const;
export type TensorType = keyof typeof TENSOR_TYPE_IDS;

const ENCODERS: Record<TensorType, (values: Float32Array) => Uint8Array> = {
  F32: (values) => bytesOf(values),
  F16: (values) => bytesOf(encodeEach(values, toHalf)),
  BF16: (values) => bytesOf(encodeEach(values, toBfloat16)),
  Q8_0: (values) => inBlocks(values, 32, 34, encodeQ8_0),
  Q4_K: (values) => inBlocks(values, 256, 144, encodeQ4_K),
  Q6_K: (values) => inBlocks(values, 256, 210, encodeQ6_K),
};

/**
 * The bytes of some numbers.
 *
 * @param values a whole number of rows; of the quantized types, a row is a whole number of blocks
 */
export function encode(type: TensorType, values: Float32Array): Uint8Array {
  return ENCODERS[type](values);
}

/** Uint16Array.from(values, encoded) in a tenth of its time: speed is measured with models of 7 billion numbers. */
function encodeEach(values: Float32Array, encoded: (value: number) => number): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) out[i] = encoded(values[i] ?? 0);
  return out;
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** The 16 bits of half precision (IEEE 754) nearest to a number, ties to even; too large becomes infinity. */
export function toHalf(value: number): number {
  const bits = bitsOf(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const shifted = exponent - 112;
  if (shifted >= 31) return sign | 0x7c00;
  if (shifted > 0) return sign + roundShift((shifted << 23) | fraction, 13);
  // Below half's smallest normal number: the leading one becomes explicit and is shifted into the fraction.
  if (shifted < -10) return sign;
  return sign + roundShift(fraction | 0x800000, 14 - shifted);
}

/** The 16 bits of bfloat16 nearest to a finite number, ties to even. */
export function toBfloat16(value: number): number {
  return roundShift(bitsOf(value), 16) & 0xffff;
}

/** `bits >> by`, rounded to nearest, ties to even. A carry into the exponent gives the right number. */
function roundShift(bits: number, by: number): number {
  const kept = bits >>> by;
  const rest = bits & ((1 << by) - 1);
  const middle = 1 << (by - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}

function bytesOf(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

type BlockEncoder = (numbers: Float32Array, block: DataView) => void;

function inBlocks(values: Float32Array, size: number, bytes: number, encodeBlock: BlockEncoder): Uint8Array {
  if (values.length % size !== 0) throw new RangeError(`rows must be a multiple of ${size} numbers`);
  const out = new Uint8Array((values.length / size) * bytes);
  for (let i = 0; i * size < values.length; i += 1) {
    encodeBlock(values.subarray(i * size, (i + 1) * size), new DataView(out.buffer, i * bytes, bytes));
  }
  return out;
}

/** Writes a scale as F16. @returns the divisor: the scale, 1 in place of 0 */
function putScale(block: DataView, at: number, scale: number): number {
  block.setUint16(at, toHalf(scale), true);
  return scale === 0 ? 1 : scale;
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, Math.round(value)));

const largest = (numbers: Float32Array): number => numbers.reduce((max, x) => Math.max(max, Math.abs(x)), 0);

/** 32 numbers: d (F16), then a signed byte each; x = d × q. */
function encodeQ8_0(numbers: Float32Array, block: DataView): void {
  const d = putScale(block, 0, largest(numbers) / 127);
  numbers.forEach((x, i) => block.setInt8(2 + i, clamp(x / d, -127, 127)));
}

/** Sets some of a byte's bits, which were 0. */
function putBits(block: DataView, at: number, bits: number): void {
  block.setUint8(at, block.getUint8(at) | bits);
}

function groupsOf(numbers: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: numbers.length / size }, (_, i) => numbers.subarray(size * i, size * (i + 1)));
}

/**
 * 256 numbers in 8 groups of 32: d and dmin (F16), 8 scales s and 8 minima m of 6 bits in 12 bytes, 4 bits a number;
 * x = d × s × q − dmin × m. The groups 2i and 2i + 1 share 32 bytes: the low and the high half of each.
 */
function encodeQ4_K(numbers: Float32Array, block: DataView): void {
  const groups = groupsOf(numbers, 32).map((group) => {
    const minimum = Math.max(0, -Math.min(...group));
    return { group, minimum, scale: Math.max(0, Math.max(...group) + minimum) / 15 };
  });
  const d = putScale(block, 0, Math.max(...groups.map(({ scale }) => scale)) / 63);
  const dmin = putScale(block, 2, Math.max(...groups.map(({ minimum }) => minimum)) / 63);
  groups.forEach(({ group, minimum, scale }, i) => {
    const [s, m] = [clamp(scale / d, 0, 63), clamp(minimum / dmin, 0, 63)];
    if (i < 4) {
      putBits(block, 4 + i, s);
      putBits(block, 8 + i, m);
    } else {
      // The last four: their lower 4 bits in a byte of their own, the upper 2 above those of the first four.
      putBits(block, i, (s >> 4) << 6);
      putBits(block, 4 + i, (m >> 4) << 6);
      putBits(block, 8 + i, (s & 15) | ((m & 15) << 4));
    }
    group.forEach((x, j) => {
      const q = clamp((x + dmin * m) / (d * s || 1), 0, 15);
      putBits(block, 16 + 32 * (i >> 1) + j, q << (4 * (i & 1)));
    });
  });
}

/**
 * 256 numbers in 16 groups of 16: the lower 4 bits of each number (128 bytes), the upper 2 (64), 16 signed scales s, and
 * d (F16); x = d × s × (q − 32). Each half of the block interleaves its four runs of 32 numbers.
 */
function encodeQ6_K(numbers: Float32Array, block: DataView): void {
  const [low, high, scales] = [0, 128, 192];
  const d = putScale(block, 208, largest(numbers) / 31 / 127);
  groupsOf(numbers, 16).forEach((group, i) => {
    const s = clamp(largest(group) / 31 / d, 0, 127);
    block.setInt8(scales + i, s);
    group.forEach((x, j) => {
      const at = 16 * i + j;
      const [half, run, place] = [at >> 7, (at >> 5) & 3, at & 31];
      const q = 32 + clamp(x / (d * s || 1), -32, 31);
      putBits(block, low + 64 * half + 32 * (run & 1) + place, (q & 15) << (4 * (run >> 1)));
      putBits(block, high + 32 * half + place, (q >> 4) << (2 * run));
    });
  });
}
