import { GgufFile, type GgufContent, ggufPieces, type MetadataEntry } from '../../lib/gguf/index.js';

/** The parts of a model as llama.cpp's llama-gguf-split writes them: the first has the metadata, each some of the tensors. */
export async function splitModel(path: string, count: number): Promise<Buffer[]> {
  await using file = await GgufFile.open(path);
  const { metadata, tensors } = file.header;
  const each = Math.ceil(tensors.length / count);
  const parts: Buffer[] = [];
  for (let number = 0; number < count; number++) {
    const content: GgufContent = {
      ...file.header,
      metadata: [
        ...(number === 0 ? metadata : []),
        u16('split.no', number),
        u16('split.count', count),
        i32('split.tensors.count', tensors.length),
      ],
      tensors: tensors
        .slice(number * each, (number + 1) * each)
        .map((stored) => ({ ...stored, data: () => file.dataOf(stored) })),
    };
    const pieces: Uint8Array[] = [];
    for await (const piece of ggufPieces(content)) pieces.push(Uint8Array.from(piece));
    parts.push(Buffer.concat(pieces));
  }
  return parts;
}

function u16(key: string, value: number): MetadataEntry {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return { key, type: 'u16', bytes };
}

function i32(key: string, value: number): MetadataEntry {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return { key, type: 'i32', bytes };
}
