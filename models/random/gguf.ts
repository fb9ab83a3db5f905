/**
 * Writes GGUF files (version 3, little-endian): metadata, tensor table, tensor data. Only what random models need:
 * F32 and F16 tensors. The data is produced piece by piece, so a file may be larger than memory.
 */
import { toHalves } from './half.js';
import { fillNormal, words } from './random.js';

/** A metadata value with its GGUF type; `i32[]`, `f32[]` and `string[]` are arrays. */
export type MetadataValue =
  | { type: 'u32' | 'i32' | 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'string[]'; value: readonly string[] }
  | { type: 'i32[]' | 'f32[]'; value: readonly number[] };

/** A metadata key and its value, in the order in which the file lists them. */
export type Metadata = readonly (readonly [key: string, value: MetadataValue])[];

export type TensorType = 'F32' | 'F16';

/** How some rows of a tensor are drawn; a tensor of one dimension has rows of one number. */
export interface Draw {
  /** Names the stream of random words: the same label gives the same numbers, in whatever tensor they lie. */
  label: string;
  rows: number;
  /** Standard deviation of each number. */
  deviation: number;
  /** What every number lies around, 0 where left out (1 for the factors of a norm). */
  center?: number;
  /** Standard deviation of one more row that is added to every row: a direction that all of them share. */
  shared?: number;
}

/** A tensor to draw: its shape in GGUF's order (the fastest-running dimension first), and its rows from top to bottom. */
export interface TensorPlan {
  name: string;
  shape: readonly [columns: number, rows?: number];
  type: TensorType;
  draws: readonly Draw[];
}

/** What a file holds, before a single weight is drawn. */
export interface ModelPlan {
  metadata: Metadata;
  tensors: readonly TensorPlan[];
}

const ALIGNMENT = 32;
const VERSION = 3;
const TENSOR_TYPES: Record<TensorType, { id: number; bytes: number }> = {
  F32: { id: 0, bytes: 4 },
  F16: { id: 1, bytes: 2 },
};
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** Numbers drawn and written at a time. */
const PIECE = 1 << 20;

/** Collects little-endian bytes. */
class ByteWriter {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  bytes(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }

  private fixed(size: number, set: (view: DataView) => void): void {
    const part = new Uint8Array(size);
    set(new DataView(part.buffer));
    this.bytes(part);
  }

  u32(value: number): void {
    this.fixed(4, (view) => view.setUint32(0, value, true));
  }

  i32(value: number): void {
    this.fixed(4, (view) => view.setInt32(0, value, true));
  }

  f32(value: number): void {
    this.fixed(4, (view) => view.setFloat32(0, value, true));
  }

  u64(value: number): void {
    this.fixed(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  string(value: string): void {
    const text = new TextEncoder().encode(value);
    this.u64(text.length);
    this.bytes(text);
  }

  pad(): void {
    this.bytes(new Uint8Array(padding(this.length)));
  }

  joined(): Uint8Array {
    return Buffer.concat(this.parts, this.length);
  }
}

/** Bytes missing to the next multiple of the file's alignment. */
function padding(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function elements(tensor: TensorPlan): number {
  return tensor.shape[0] * (tensor.shape[1] ?? 1);
}

function writeValue(out: ByteWriter, entry: MetadataValue): void {
  switch (entry.type) {
    case 'u32':
      out.u32(VALUE_TYPES.u32);
      out.u32(entry.value);
      return;
    case 'i32':
      out.u32(VALUE_TYPES.i32);
      out.i32(entry.value);
      return;
    case 'f32':
      out.u32(VALUE_TYPES.f32);
      out.f32(entry.value);
      return;
    case 'bool':
      out.u32(VALUE_TYPES.bool);
      out.bytes(Uint8Array.of(entry.value ? 1 : 0));
      return;
    case 'string':
      out.u32(VALUE_TYPES.string);
      out.string(entry.value);
      return;
    case 'string[]':
      out.u32(VALUE_TYPES.array);
      out.u32(VALUE_TYPES.string);
      out.u64(entry.value.length);
      for (const text of entry.value) out.string(text);
      return;
    case 'i32[]':
      out.u32(VALUE_TYPES.array);
      out.u32(VALUE_TYPES.i32);
      out.u64(entry.value.length);
      for (const number of entry.value) out.i32(number);
      return;
    case 'f32[]':
      out.u32(VALUE_TYPES.array);
      out.u32(VALUE_TYPES.f32);
      out.u64(entry.value.length);
      for (const number of entry.value) out.f32(number);
      return;
  }
}

/** Everything before the tensors' data. */
function header(plan: ModelPlan): Uint8Array {
  const out = new ByteWriter();
  out.bytes(new TextEncoder().encode('GGUF'));
  out.u32(VERSION);
  out.u64(plan.tensors.length);
  out.u64(plan.metadata.length);
  for (const [key, value] of plan.metadata) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const tensor of plan.tensors) {
    const { id, bytes } = TENSOR_TYPES[tensor.type];
    const dimensions = tensor.shape.filter((size) => size !== undefined);
    out.string(tensor.name);
    out.u32(dimensions.length);
    for (const size of dimensions) out.u64(size);
    out.u32(id);
    out.u64(offset);
    const length = elements(tensor) * bytes;
    offset += length + padding(length);
  }
  out.pad();
  return out.joined();
}

function bytesOf(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The numbers of a draw in pieces of whole rows. */
function* drawn(draw: Draw, columns: number, seed: number): Generator<Float32Array> {
  const { label, rows, deviation, center = 0, shared } = draw;
  const next = words(seed, label);
  const sharedRow = new Float32Array(columns);
  if (shared !== undefined) fillNormal(sharedRow, words(seed, `${label}/shared`), shared);
  const rowsAtOnce = Math.max(1, Math.floor(PIECE / columns));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const values = new Float32Array(Math.min(rowsAtOnce, rows - row) * columns);
    fillNormal(values, next, deviation);
    if (center !== 0 || shared !== undefined) {
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (values[i] ?? 0) + center + (sharedRow[i % columns] ?? 0);
      }
    }
    yield values;
  }
}

/** A tensor's data in pieces, padded at the end. */
function* tensorData(tensor: TensorPlan, seed: number): Generator<Uint8Array> {
  let length = 0;
  const columns = tensor.shape.length === 1 ? 1 : tensor.shape[0];
  for (const draw of tensor.draws) {
    for (const values of drawn(draw, columns, seed)) {
      const piece = bytesOf(tensor.type === 'F16' ? toHalves(values) : values);
      length += piece.length;
      yield piece;
    }
  }
  yield new Uint8Array(padding(length));
}

/**
 * The bytes of a GGUF file, piece by piece.
 *
 * @param plan metadata and tensors
 * @param seed 0 … 2³² − 1; the same plan and seed give the same bytes on every machine
 */
export function* ggufBytes(plan: ModelPlan, seed: number): Generator<Uint8Array> {
  yield header(plan);
  for (const tensor of plan.tensors) yield* tensorData(tensor, seed);
}
