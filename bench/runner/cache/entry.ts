/** What is kept of a text: its vector, and what it took. */
export interface Entry {
  readonly vector: Float32Array;
  /** Tokens as embedded: content, prompt and special tokens. */
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
  /** What it took to compute, its share of a batch. */
  readonly seconds: number;
}

const HEADER = 24;

export function encodeEntry({ vector, tokens, windows, truncated, seconds }: Entry): Buffer {
  const bytes = Buffer.alloc(HEADER + 4 * vector.length);
  bytes.writeDoubleLE(seconds, 0);
  bytes.writeUInt32LE(tokens, 8);
  bytes.writeUInt32LE(windows, 12);
  bytes.writeUInt32LE(truncated ? 1 : 0, 16);
  for (const [i, number] of vector.entries()) bytes.writeFloatLE(number, HEADER + 4 * i);
  return bytes;
}

export function decodeEntry(bytes: Buffer): Entry {
  return {
    vector: Float32Array.from({ length: (bytes.length - HEADER) / 4 }, (_, i) =>
      bytes.readFloatLE(HEADER + 4 * i),
    ),
    tokens: bytes.readUInt32LE(8),
    windows: bytes.readUInt32LE(12),
    truncated: bytes.readUInt32LE(16) === 1,
    seconds: bytes.readDoubleLE(0),
  };
}
