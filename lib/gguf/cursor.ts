/** The header cannot be what it says it is. The message is a clause with a full stop. */
export class InvalidGguf extends Error {
  override readonly name = 'InvalidGguf';
}

/** The bytes at hand end within the header; the file has more. */
export class MoreNeeded extends Error {
  override readonly name = 'MoreNeeded';
  /** The header needs at least so many bytes from the start of the file. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`at least ${bytes} bytes of the header are needed`);
    this.bytes = bytes;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads little-endian values one after the other from the start of a file. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileSize: number;
  at = 0;

  /** @param bytes the file's first bytes, perhaps all of them */
  constructor(bytes: Uint8Array, fileSize: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
  }

  /** Goes past `length` bytes. @returns where they begin */
  skip(length: number): number {
    const begin = this.at;
    const end = begin + length;
    if (end > this.#fileSize) throw new InvalidGguf('it is cut short: it ends within its header.');
    if (end > this.#bytes.length) throw new MoreNeeded(end);
    this.at = end;
    return begin;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** A u64 as a number; one that a number cannot hold is no size of anything in a file. */
  size(): number {
    const begin = this.skip(8);
    const value = this.#view.getUint32(begin, true) + this.#view.getUint32(begin + 4, true) * 2 ** 32;
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidGguf(`its header gives a size of ${value}, which is impossible.`);
  }

  text(): string {
    const length = this.size();
    const begin = this.skip(length);
    try {
      return UTF8.decode(this.#bytes.subarray(begin, this.at));
    } catch (error) {
      throw new InvalidGguf('a name in its header is not UTF-8.', { cause: error });
    }
  }

  /** The bytes from `begin` to here. */
  since(begin: number): Uint8Array {
    return this.#bytes.subarray(begin, this.at);
  }
}
