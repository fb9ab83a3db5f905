/**
 * What a random model's file holds, before a single weight is drawn, and the file's bytes: lib/gguf writes the header, the
 * tensors' data is drawn piece by piece, so that a file may be larger than memory.
 */
import {
  DEFAULT_ALIGNMENT,
  f32Entry,
  ggufHeader,
  lengthAndText,
  type MetadataEntry,
  padding,
  stringEntry,
  tensorBytes,
  type TensorInfo,
  u32Entry,
  VALUE_TYPES,
} from '../../lib/gguf/index.js';
import { fillNormal, words } from './random.js';
import { encode, TENSOR_TYPE_IDS, type TensorType } from './tensor-types.js';

/** A metadata value with its GGUF type; `i32[]`, `f32[]` and `string[]` are arrays. */
export type MetadataValue =
  | { type: 'u32' | 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'string[]'; value: readonly string[] }
  | { type: 'i32[]' | 'f32[]'; value: readonly number[] };

/** A metadata key and its value, in the order in which the file lists them. */
export type Metadata = readonly (readonly [key: string, value: MetadataValue])[];

/** How some rows of a tensor are drawn; a tensor of one dimension has rows of one number. */
export interface Draw {
  /** Names the stream of random words: the same label gives the same numbers, in whatever tensor they lie. */
  label: string;
  rows: number;
  /** Standard deviation of each number. */
  deviation: number;
  /** Mean of each number, 0 where left out (1 for the factors of a norm). */
  center?: number;
  /** Standard deviation of one more row that is added to every row: a direction that all of them share. */
  shared?: number;
  /** What is added to rows. */
  along?: readonly Along[];
}

/** A number that is added in one column of each row. */
export interface Along {
  size: number;
  /** The column, from 0. */
  pick: (row: number) => number;
}

/** A tensor to draw: its shape in GGUF's order (the fastest-running dimension first), and its rows from top to bottom, of one matrix after the other. */
export interface TensorPlan {
  name: string;
  shape: readonly [columns: number, rows?: number, matrices?: number];
  type: TensorType;
  draws: readonly Draw[];
}

export interface ModelPlan {
  metadata: Metadata;
  tensors: readonly TensorPlan[];
}

const VERSION = 3;

/** Numbers drawn and written at a time. */
const PIECE_NUMBERS = 1 << 20;

/**
 * The bytes of a GGUF file, piece by piece.
 *
 * @param plan metadata and tensors
 * @param seed 0 … 2³² − 1; the same plan and seed give the same bytes on every machine
 */
export function* ggufBytes(plan: ModelPlan, seed: number): Generator<Uint8Array> {
  const metadata = plan.metadata.map(([key, value]) => entryOf(key, value));
  const tensors = plan.tensors.map((tensor) => sourceOf(tensor, seed));
  yield ggufHeader({ version: VERSION, alignment: DEFAULT_ALIGNMENT, metadata, tensors });
  for (const { data, byteLength } of tensors) {
    yield* data();
    yield new Uint8Array(padding(byteLength, DEFAULT_ALIGNMENT));
  }
}

function entryOf(key: string, entry: MetadataValue): MetadataEntry {
  switch (entry.type) {
    case 'u32':
      return u32Entry(key, entry.value);
    case 'f32':
      return f32Entry(key, entry.value);
    case 'bool':
      return { key, type: 'bool', bytes: Uint8Array.of(entry.value ? 1 : 0) };
    case 'string':
      return stringEntry(key, entry.value);
    case 'string[]':
      return arrayEntry(key, 'string', entry.value.map(lengthAndText));
    case 'i32[]':
      return arrayEntry(key, 'i32', littleEndian(entry.value, 'writeInt32LE'));
    case 'f32[]':
      return arrayEntry(key, 'f32', littleEndian(entry.value, 'writeFloatLE'));
  }
}

function littleEndian(numbers: readonly number[], write: 'writeInt32LE' | 'writeFloatLE'): Uint8Array[] {
  return numbers.map((number) => {
    const bytes = Buffer.alloc(4);
    bytes[write](number);
    return bytes;
  });
}

function arrayEntry(
  key: string,
  type: 'string' | 'i32' | 'f32',
  elements: readonly Uint8Array[],
): MetadataEntry {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(VALUE_TYPES[type]);
  head.writeBigUInt64LE(BigInt(elements.length), 4);
  return { key, type: 'array', bytes: Buffer.concat([head, ...elements]) };
}

/** A tensor whose data is there without waiting. */
interface DrawnTensor extends TensorInfo {
  readonly data: () => Iterable<Uint8Array>;
}

function sourceOf(plan: TensorPlan, seed: number): DrawnTensor {
  const type = TENSOR_TYPE_IDS[plan.type];
  const shape = plan.shape.filter((size) => size !== undefined);
  const byteLength = tensorBytes(type, shape);
  if (byteLength === null) {
    throw new RangeError(`${plan.name}: rows of ${shape[0]} numbers are no whole blocks of ${plan.type}`);
  }
  return { name: plan.name, shape, type, byteLength, data: () => tensorData(plan, seed) };
}

function* tensorData({ shape, type, draws }: TensorPlan, seed: number): Generator<Uint8Array> {
  const columns = shape.length === 1 ? 1 : shape[0];
  for (const draw of draws) {
    for (const values of drawn(draw, columns, seed)) yield encode(type, values);
  }
}

/** The numbers of a draw in pieces of whole rows. */
function* drawn(draw: Draw, columns: number, seed: number): Generator<Float32Array> {
  const { label, rows, deviation, center = 0, shared, along = [] } = draw;
  const next = words(seed, label);
  const sharedRow = new Float32Array(columns);
  if (shared !== undefined) fillNormal(sharedRow, words(seed, `${label}/shared`), shared);
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_NUMBERS / columns));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const values = new Float32Array(Math.min(rowsAtOnce, rows - row) * columns);
    fillNormal(values, next, deviation);
    if (center !== 0 || shared !== undefined) {
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (values[i] ?? 0) + center + (sharedRow[i % columns] ?? 0);
      }
    }
    for (const { size, pick } of along) {
      for (let i = 0; i * columns < values.length; i += 1) {
        const at = i * columns + pick(row + i);
        values[at] = (values[at] ?? 0) + size;
      }
    }
    yield values;
  }
}
