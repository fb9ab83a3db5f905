import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** What git knows a file's content by: SHA-256 of large files (LFS), SHA-1 of a small one with git's header before it. */
export interface Checksum {
  readonly kind: 'sha256' | 'git-sha1';
  /** In lower-case hex. */
  readonly value: string;
}

/** The checksum of a file of so many bytes, in lower-case hex. */
export async function fileChecksum(path: string, size: number, kind: Checksum['kind']): Promise<string> {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
  if (kind === 'git-sha1') hash.update(`blob ${size}\0`);
  const pieces = createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>;
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
