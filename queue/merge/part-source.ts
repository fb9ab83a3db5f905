import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { AtomicFile } from '../../lib/atomic-file.js';
import type { LongEmbedError } from '../../lib/error.js';
import type { Manifest, PartFile } from '../manifest.js';
import { invalid, shardName } from '../shard.js';

/** Bytes read at a time. */
const READ_BYTES = 1 << 20;

/** A part's files, as they are read. */
export class PartSource {
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #signal: AbortSignal;
  readonly #onBytes: (bytes: number) => void;

  constructor(folder: string, manifest: Manifest, signal: AbortSignal, onBytes: (bytes: number) => void) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.#signal = signal;
    this.#onBytes = onBytes;
  }

  /** The path of the file of vectors. */
  get path(): string {
    return join(this.#folder, this.#manifest.files[0]?.name ?? '');
  }

  get rows(): number {
    return this.#manifest.counts.rows;
  }

  /** Appends one of the part's files, if it has it, from a byte on. */
  async copyTo(target: AtomicFile, ending: string, from: number): Promise<void> {
    const file = fileOf(this.#manifest, ending);
    if (file === null) return;
    let passed = 0;
    for await (const bytes of this.read(file)) {
      const rest = bytes.subarray(Math.max(0, from - passed));
      passed += bytes.length;
      if (rest.length > 0) await target.write(rest);
    }
  }

  /** Compares the file of vectors with its checksum. */
  async verify(): Promise<void> {
    const bytes = this.read();
    while ((await bytes.next()).done !== true);
  }

  /** The bytes of a file. @throws LongEmbedError when they are not those that the part was made with */
  async *read(file: PartFile | null = this.#manifest.files[0] ?? null): AsyncGenerator<Buffer> {
    if (file === null) return;
    const path = join(this.#folder, file.name);
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES, signal: this.#signal })) {
      hash.update(piece as Buffer);
      this.#onBytes((piece as Buffer).length);
      yield piece as Buffer;
    }
    if (hash.digest('hex') === file.sha256) return;
    throw damagedPart(path, this.#manifest, 'SHA-256');
  }
}

/** @param what of the file differs */
export function damagedPart(
  path: string,
  { shard }: Manifest,
  what: string,
  cause?: unknown,
): LongEmbedError {
  return invalid(
    `${path} is not what its manifest says (${what}): copy it again, or do it again with longembed embed --shard ` +
      `${shardName(shard)} --force.`,
    cause,
  );
}

/** One of a part's files, by what follows the part's name. */
export function fileOf({ files }: Manifest, ending: string): PartFile | null {
  return files.find(({ name }) => name.slice(name.indexOf('.') + 1) === ending) ?? null;
}
