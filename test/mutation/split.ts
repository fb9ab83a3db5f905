import { writeFileSync } from 'node:fs';
import type { MetadataEntry } from '../../lib/gguf/format.js';
import { type Pieces, putTogether, u32 } from './pieces.js';

/**
 * Writes a model as a file in two parts.
 *
 * @param count tensors of the first part, in the order of the table
 * @returns the paths of both
 */
export function writeInTwoParts(pieces: Pieces, count: number, prefix: string): [string, string] {
  const paths = [1, 2].map((part) => `${prefix}-0000${part}-of-00002.gguf`) as [string, string];
  const cut = Number(pieces.tensors[count]!.offset);
  const rest = pieces.tensors.slice(count).map((one) => ({ ...one, offset: one.offset - BigInt(cut) }));
  const part = (number: number, kept: readonly MetadataEntry[]): MetadataEntry[] => [
    ...kept,
    { key: 'split.no', type: 'u16', bytes: Buffer.from([number, 0]) },
    { key: 'split.count', type: 'u16', bytes: Buffer.from([2, 0]) },
    { key: 'split.tensors.count', type: 'i32', bytes: u32(pieces.tensors.length) },
  ];
  const parts: Pieces[] = [
    {
      ...pieces,
      metadata: part(0, pieces.metadata),
      tensors: pieces.tensors.slice(0, count),
      data: pieces.data.subarray(0, cut),
    },
    {
      ...pieces,
      metadata: part(1, pieces.metadata.slice(0, 1)), // the architecture
      tensors: rest,
      data: pieces.data.subarray(cut),
    },
  ];
  paths.forEach((path, index) => writeFileSync(path, putTogether(parts[index]!)));
  return paths;
}
