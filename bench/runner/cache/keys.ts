import { createHash } from 'node:crypto';

/** What an entry of the store is about: keys of different kinds never meet. */
type Kind = 'embedding' | 'file' | 'speed';

/** A key of all that an entry depends on. Parts are told apart: no two lists of parts share a key. */
export function keyOf(kind: Kind, ...parts: readonly unknown[]): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...parts]))
    .digest();
}

/** What stands for a text in keys. */
export function textHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The key of a text's embedding. @param plan what the embedding depends on beside the text */
export function embeddingKey(plan: Buffer, text: Buffer): Buffer {
  return createHash('sha256').update(plan).update(text).digest();
}
