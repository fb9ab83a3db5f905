/**
 * A quantized model's F32 twin. Each tensor type is decoded from the definition of its blocks (ggml-common.h), by code that
 * shares nothing with the engine, with ggml or with the encoders of models/random.
 */
import { writeFileSync } from 'node:fs';
import { halfToNumber } from '../../lib/extend-file/interpolate.js';
import { F32, GgufFile, ggufPieces, tensorTypeName, type TensorSource } from '../../lib/gguf/index.js';

/** Numbers and bytes of a block, and what its bytes stand for. */
interface Format {
  numbers: number;
  bytes: number;
  decode(block: DataView): number[];
}

const count = (length: number): number[] => Array.from({ length }, (_, i) => i);

const FORMATS: Record<string, Format> = {
  F16: { numbers: 1, bytes: 2, decode: (block) => [halfToNumber(block.getUint16(0, true))] },
  BF16: {
    numbers: 1,
    bytes: 2,
    decode: (block) => [new Float32Array(Uint32Array.of(block.getUint16(0, true) * 65536).buffer)[0]!],
  },
  Q8_0: {
    numbers: 32,
    bytes: 34,
    decode: (block) => {
      const d = halfToNumber(block.getUint16(0, true));
      return count(32).map((i) => d * block.getInt8(2 + i));
    },
  },
  Q4_K: {
    numbers: 256,
    bytes: 144,
    decode: (block) => {
      const [d, dmin] = [0, 2].map((at) => halfToNumber(block.getUint16(at, true))) as [number, number];
      return count(256).map((i) => {
        const group = Math.floor(i / 32);
        const [scale, min] = scaleAndMin(block, group);
        const byte = block.getUint8(16 + 32 * Math.floor(group / 2) + (i % 32));
        const q = group % 2 === 0 ? byte % 16 : Math.floor(byte / 16);
        return d * scale * q - dmin * min;
      });
    },
  },
  Q6_K: {
    numbers: 256,
    bytes: 210,
    decode: (block) => {
      const d = halfToNumber(block.getUint16(208, true));
      return count(256).map((i) => {
        const [half, within] = [Math.floor(i / 128), i % 128];
        const [quarter, column] = [Math.floor(within / 32), within % 32];
        const lower = block.getUint8(64 * half + (within % 64));
        const upper = block.getUint8(128 + 32 * half + column);
        const nibble = quarter < 2 ? lower % 16 : Math.floor(lower / 16);
        const pair = Math.floor(upper / 4 ** quarter) % 4;
        return d * block.getInt8(192 + Math.floor(i / 16)) * (nibble + 16 * pair - 32);
      });
    },
  },
};

/** A group's 6-bit scale and minimum in Q4_K. */
function scaleAndMin(block: DataView, group: number): [scale: number, min: number] {
  const byte = (i: number): number => block.getUint8(4 + i);
  if (group < 4) return [byte(group) % 64, byte(group + 4) % 64];
  const lower = byte(group + 4);
  return [
    (lower % 16) + 16 * Math.floor(byte(group - 4) / 64),
    Math.floor(lower / 16) + 16 * Math.floor(byte(group) / 64),
  ];
}

/** The numbers of a tensor's bytes, as float32. */
export function dequantize(type: string, bytes: Uint8Array): Float32Array {
  const format = FORMATS[type];
  if (format === undefined) throw new Error(`no decoder for ${type}`);
  const blocks = bytes.length / format.bytes;
  const out = new Float32Array(blocks * format.numbers);
  for (let i = 0; i < blocks; i += 1) {
    const block = new DataView(bytes.buffer, bytes.byteOffset + i * format.bytes, format.bytes);
    out.set(format.decode(block), i * format.numbers);
  }
  return out;
}

/**
 * Writes a model's twin: every tensor decoded to F32, the metadata byte for byte.
 *
 * @returns the types that were decoded
 */
export async function writeTwin(input: string, output: string): Promise<string[]> {
  await using file = await GgufFile.open(input);
  const types = new Set<string>();
  const tensors: TensorSource[] = [];
  for (const stored of file.header.tensors) {
    const bytes = await file.read(stored);
    const type = tensorTypeName(stored.type);
    if (type === 'F32') {
      tensors.push({ ...stored, data: () => [bytes] });
      continue;
    }
    types.add(type);
    const data = new Uint8Array(dequantize(type, bytes).buffer);
    tensors.push({ ...stored, type: F32, byteLength: data.length, data: () => [data] });
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of ggufPieces({ ...file.header, tensors })) pieces.push(piece);
  writeFileSync(output, Buffer.concat(pieces));
  return [...types].sort();
}
