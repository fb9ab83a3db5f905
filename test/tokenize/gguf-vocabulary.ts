/** Reads the vocabulary of a GGUF file: just enough of the format for tests to build a tokenizer.json from it. */
import { readFileSync } from 'node:fs';

type Value = number | bigint | boolean | string | Value[];

/** GGUF's type numbers and how their values are read. */
const STRING = 8;
const ARRAY = 9;
const SCALARS: Record<number, [size: number, read: (file: Buffer, at: number) => number | bigint | boolean]> =
  {
    0: [1, (file, at) => file.readUInt8(at)],
    1: [1, (file, at) => file.readInt8(at)],
    2: [2, (file, at) => file.readUInt16LE(at)],
    3: [2, (file, at) => file.readInt16LE(at)],
    4: [4, (file, at) => file.readUInt32LE(at)],
    5: [4, (file, at) => file.readInt32LE(at)],
    6: [4, (file, at) => file.readFloatLE(at)],
    7: [1, (file, at) => file.readUInt8(at) !== 0],
    10: [8, (file, at) => file.readBigUInt64LE(at)],
    11: [8, (file, at) => file.readBigInt64LE(at)],
    12: [8, (file, at) => file.readDoubleLE(at)],
  };

/** The file's keys and values; tensors are not read. */
export function readMetadata(path: string): Map<string, Value> {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== 'GGUF') throw new Error(`${path} is no GGUF file`);
  let at = 4 + 4 + 8;

  const count = (): number => Number(file.readBigUInt64LE((at += 8) - 8));
  const type = (): number => file.readUInt32LE((at += 4) - 4);
  const text = (): string => {
    const length = count();
    return file.toString('utf8', at, (at += length));
  };
  const value = (kind: number): Value => {
    if (kind === STRING) return text();
    if (kind === ARRAY) {
      const inner = type();
      return Array.from({ length: count() }, () => value(inner));
    }
    const scalar = SCALARS[kind];
    if (scalar === undefined) throw new Error(`unknown GGUF type ${kind}`);
    const [size, read] = scalar;
    return read(file, (at += size) - size);
  };

  const keys = count();
  return new Map(Array.from({ length: keys }, () => [text(), value(type())]));
}
