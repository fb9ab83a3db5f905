import { F16, F32, Q8_0, tensorBytes, toHalf, type TensorSource } from '../gguf/index.js';
import { invalidCheckpoint } from './invalid.js';
import { NUMBER_TYPES } from './number-types.js';
import type { Weights } from './weights.js';

/** What matrices are stored as; all else is F32. */
export const CONVERT_TYPES = ['f32', 'f16', 'q8_0'] as const;
export type ConvertType = (typeof CONVERT_TYPES)[number];

/** A tensor of the file to be written, and the weight that it is made of. */
export interface TensorPlan {
  readonly name: string;
  readonly weights: Weights;
  /** The weight's name. */
  readonly from: string;
  /** What the weight's shape must be: [rows, columns]. */
  readonly shape: readonly number[];
  /** Whether its numbers stay F32: norms, biases, and the small tables that are added or read row by row. */
  readonly exact?: boolean;
  /** Added to each number. */
  readonly offset?: number;
}

/** Numbers of a quantized block, which share a scale. */
const BLOCK = 32;
const BLOCK_BYTES = 34;

/** Numbers read, converted and written at a time: a whole number of blocks, some milliseconds of work. */
const PIECE_NUMBERS = 1 << 17;

/** The largest number of half precision, with what still rounds to it. */
const LARGEST_HALF = 65520;

/** @throws LongEmbedError ERR_MODEL_INVALID when the weight is missing, of another shape or without a type of numbers */
export function tensorSource(plan: TensorPlan, type: ConvertType): TensorSource {
  const { file, weight } = plan.weights.find(plan.from);
  const { shape } = plan;
  if (weight.shape.length !== shape.length || weight.shape.some((size, i) => size !== shape[i])) {
    throw invalidCheckpoint(
      file.path,
      `its tensor ${JSON.stringify(weight.name)} has the shape ${weight.shape.join(' × ') || '1'}; config.json asks for ${shape.join(' × ')}.`,
    );
  }
  const numbers = NUMBER_TYPES.get(weight.type);
  const read = numbers?.read;
  if (numbers === undefined || read === undefined) {
    throw invalidCheckpoint(
      file.path,
      `its tensor ${JSON.stringify(weight.name)} is of the type ${weight.type}; F32, F16, BF16 and F64 can be read.`,
    );
  }
  const target = targetOf(plan, type);
  const dimensions = [...shape].reverse();
  return {
    name: plan.name,
    shape: dimensions,
    type: target,
    byteLength: tensorBytes(target, dimensions) ?? 0,
    async *data() {
      for (let done = 0; done < weight.count; done += PIECE_NUMBERS) {
        const count = Math.min(PIECE_NUMBERS, weight.count - done);
        const bytes = new Uint8Array(count * numbers.bytes);
        await file.read(weight.offset + done * numbers.bytes, bytes);
        const values = new Float32Array(count);
        read(new DataView(bytes.buffer), values);
        shift(values, plan.offset ?? 0);
        checkFinite(file.path, weight.name, values, target);
        yield encode(values, target);
      }
    },
  };
}

function targetOf({ shape, exact }: TensorPlan, type: ConvertType): number {
  if (exact === true || shape.length < 2 || type === 'f32') return F32;
  // Rows that are no whole number of blocks cannot be quantized.
  return type === 'q8_0' && (shape.at(-1) ?? 0) % BLOCK === 0 ? Q8_0 : F16;
}

function shift(values: Float32Array, by: number): void {
  if (by !== 0) for (let i = 0; i < values.length; i += 1) values[i] = (values[i] ?? 0) + by;
}

function checkFinite(path: string, name: string, values: Float32Array, target: number): void {
  const limit = target === F16 ? LARGEST_HALF : target === Q8_0 ? 127 * LARGEST_HALF : Infinity;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (Math.abs(value) < limit) continue;
    throw invalidCheckpoint(
      path,
      Number.isFinite(value)
        ? `its tensor ${JSON.stringify(name)} has the number ${value}, which is too large for the type: use --type f32.`
        : `its tensor ${JSON.stringify(name)} has a number that is ${Number.isNaN(value) ? 'not a number' : 'infinite'}.`,
    );
  }
}

function encode(values: Float32Array, target: number): Uint8Array {
  if (target === Q8_0) return toBlocks(values);
  const size = target === F16 ? 2 : 4;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (target === F16) view.setUint16(size * i, toHalf(value), true);
    else view.setFloat32(size * i, value, true);
  }
  return bytes;
}

/** As ggml's reference does it, in float32: a scale of the largest magnitude / 127 as half, then a signed byte a number. */
export function toBlocks(values: Float32Array): Uint8Array {
  const { fround } = Math;
  const bytes = Buffer.allocUnsafe((values.length / BLOCK) * BLOCK_BYTES);
  for (let block = 0; block * BLOCK < values.length; block += 1) {
    const numbers = values.subarray(block * BLOCK, (block + 1) * BLOCK);
    let largest = 0;
    for (let i = 0; i < BLOCK; i += 1) largest = Math.max(largest, Math.abs(numbers[i] ?? 0));
    const scale = fround(largest / 127);
    // Of a scale whose inverse is beyond floats nothing is left in a half: the numbers are zeros.
    const reciprocal = scale === 0 ? 0 : fround(1 / scale);
    const inverse = Number.isFinite(reciprocal) ? reciprocal : 0;
    bytes.writeUInt16LE(toHalf(scale), block * BLOCK_BYTES);
    for (let i = 0; i < BLOCK; i += 1) {
      const scaled = fround((numbers[i] ?? 0) * inverse);
      // Halves round away from zero.
      const magnitude = Math.floor(Math.abs(scaled) + 0.5);
      bytes.writeInt8(scaled < 0 ? -magnitude : magnitude, block * BLOCK_BYTES + 2 + i);
    }
  }
  return bytes;
}
