/** Keys and values of the cache. */
import { createHash } from 'node:crypto';

/** Kinds of entries; keys of different kinds are always different. */
type EntryKind = 'embedding' | 'file' | 'speed';

/** The key of everything an entry depends on. Different lists of parts have different keys. */
export function keyOf(kind: EntryKind, ...parts: readonly unknown[]): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...parts]))
    .digest();
}

/** Represents a text in keys. */
export function textHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The key of a text's embedding. @param plan what the embedding depends on beside the text */
export function embeddingKey(plan: Buffer, text: Buffer): Buffer {
  return createHash('sha256').update(plan).update(text).digest();
}

/** The result of embedding a text. */
export interface EmbeddingEntry {
  /** One vector, or one per window or chunk; all with the same number of dimensions. */
  readonly vectors: readonly Float32Array[];
  /** Tokens as embedded: content, prompt and special tokens. */
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
  /** Time to compute it, its share of a batch. */
  readonly seconds: number;
}

const HEADER_BYTES = 24;

export function encodeEntry({ vectors, tokens, windows, truncated, seconds }: EmbeddingEntry): Buffer {
  const numbers = vectors.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * numbers);
  bytes.writeDoubleLE(seconds, 0);
  bytes.writeUInt32LE(tokens, 8);
  bytes.writeUInt32LE(windows, 12);
  bytes.writeUInt32LE(truncated ? 1 : 0, 16);
  bytes.writeUInt32LE(vectors.length, 20);
  let offset = HEADER_BYTES;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) offset = bytes.writeFloatLE(vector[i] ?? 0, offset);
  }
  return bytes;
}

export function decodeEntry(bytes: Buffer): EmbeddingEntry {
  // Entries of single vectors, as older versions wrote them, do not say how many there are.
  const count = Math.max(1, bytes.readUInt32LE(20));
  const numbers = Float32Array.from({ length: (bytes.length - HEADER_BYTES) / 4 }, (_, i) =>
    bytes.readFloatLE(HEADER_BYTES + 4 * i),
  );
  const dimensions = numbers.length / count;
  return {
    vectors: Array.from({ length: count }, (_, i) => numbers.subarray(i * dimensions, (i + 1) * dimensions)),
    tokens: bytes.readUInt32LE(8),
    windows: bytes.readUInt32LE(12),
    truncated: bytes.readUInt32LE(16) === 1,
    seconds: bytes.readDoubleLE(0),
  };
}
