/** What the tests of extended files share. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '../../models/random/tensor-types.js';
import {
  BF16,
  F16,
  type GgufContent,
  GgufFile,
  ggufPieces,
  type MetadataEntry,
  type TensorSource,
} from '../../lib/gguf/index.js';
import { extendModelFile, type ExtendedFile, type ExtendFileOptions } from '../../lib/index.js';
import { drawTokenIds } from '../native/fixtures.js';

export const folder = mkdtempSync(join(tmpdir(), 'longembed-extend-'));

let files = 0;

/** A path where nothing is yet. */
export function newPath(): string {
  return join(folder, `${(files += 1)}.gguf`);
}

/** Extends a file into a new one. */
export async function extended(
  input: string,
  extend: ExtendFileOptions['extend'],
  more: Partial<ExtendFileOptions> = {},
): Promise<ExtendedFile> {
  return extendModelFile(input, newPath(), { extend, ...more });
}

/** Content token ids that any of the small models has. */
export function content(count: number, seed = 7): Int32Array {
  return drawTokenIds(seed, count, { low: 300, high: 1000 });
}

/** A model file with other metadata or tensors: those given take the place of those with their names. */
export async function changedModel(
  input: string,
  metadata: readonly MetadataEntry[],
  tensor: (source: TensorSource, bytes: () => Promise<Uint8Array>) => TensorSource | Promise<TensorSource> = (
    source,
  ) => source,
): Promise<string> {
  await using file = await GgufFile.open(input);
  const keys = new Set(metadata.map(({ key }) => key));
  const tensors: TensorSource[] = [];
  for (const stored of file.header.tensors) {
    const source = { ...stored, data: () => file.dataOf(stored) };
    tensors.push(await tensor(source, () => file.read(stored)));
  }
  const changed: GgufContent = {
    ...file.header,
    metadata: [...file.header.metadata.filter(({ key }) => !keys.has(key)), ...metadata],
    tensors,
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of ggufPieces(changed)) pieces.push(Uint8Array.from(piece));
  const path = newPath();
  writeFileSync(path, Buffer.concat(pieces));
  return path;
}

/** A model file whose position matrix is F16 or BF16. */
export function withPositionType(input: string, type: 'F16' | 'BF16'): Promise<string> {
  return changedModel(input, [], async (source, bytes) => {
    if (source.name !== 'position_embd.weight') return source;
    const data = encode(type, new Float32Array((await bytes()).buffer));
    return {
      ...source,
      type: type === 'F16' ? F16 : BF16,
      byteLength: data.length,
      data: () => [data],
    };
  });
}
