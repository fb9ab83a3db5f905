import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { LongEmbedError } from '../../lib/error.js';
import { count, formatBytes } from '../../lib/format.js';
import { optionalPackages } from '../../lib/optional-packages.js';
import type { Manifest } from '../manifest.js';
import { invalid, shardName } from '../shard.js';
import type { MergeOptions } from './merge.js';
import { damagedPart, fileOf, PartSource } from './part-source.js';

/** How a row begins that `embed` has written, and what follows until the id's own JSON. */
const ROW_BEGIN = Buffer.from('{"id":');
const [NEWLINE, QUOTE, COMMA, BACKSLASH, BRACE] = [0x0a, 0x22, 0x2c, 0x5c, 0x7d];

const READ_BYTES = 1 << 20;

/** What of a damaged part differs. */
const IDS = 'its ids';

/** Ids that are looked at again where fingerprints are equal: they name one that repeats, and need not name all. */
const MAX_SUSPECTS = 1000;

/**
 * Compares the ids of documents that gave vectors between the parts of a run, which know nothing of each other. It takes eight
 * bytes of memory a document: the ids are read as fingerprints, and once more where two of those are equal.
 * @throws LongEmbedError ERR_INVALID_OPTION that names an id that two shards have, and both; or a part that is damaged;
 *   ERR_OUT_OF_MEMORY; the signal's reason
 */
export async function checkIds(
  folder: string,
  manifests: readonly Manifest[],
  { signal, onProgress }: Pick<MergeOptions, 'signal' | 'onProgress'>,
): Promise<void> {
  // Within a shard, embedding has seen to it.
  if (manifests.length < 2) return;
  const embedded = manifests.map(({ counts }) => counts.documents - counts.failed);
  const prints = new Fingerprints(embedded.reduce((sum, one) => sum + one, 0));
  for (const [i, manifest] of manifests.entries()) {
    onProgress(i / manifests.length, 'comparing ids');
    prints.beginPart();
    await eachId(folder, manifest, signal, (id) => prints.add(id));
  }
  const repeated = prints.repeated();
  if (repeated.length === 0) return;
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    await eachId(folder, manifest, signal, (id) => {
      if (!includes(repeated, fingerprint(id))) return true;
      const key = id.toString();
      const other = seen.get(key);
      if (other !== undefined && other !== manifest)
        throw usedTwice(folder, key, [other, manifest], repeated.length);
      if (seen.size < MAX_SUSPECTS) seen.set(key, manifest);
      return true;
    });
  }
}

/** @param id as JSON @param ids how many are used twice */
function usedTwice(
  folder: string,
  id: string,
  parts: readonly [Manifest, Manifest],
  ids: number,
): LongEmbedError {
  const [first, second] = parts.map(({ shard }) => shardName(shard));
  const files = parts.map(({ files: [file] }) => join(folder, file?.name ?? '')).join(' and ');
  const more = ids > 1 ? ` (and so are ${count(ids - 1)} more ids)` : '';
  return invalid(
    `The id ${id} is that of a document in shard ${first} and of another in shard ${second} (${files})${more}: their vectors could ` +
      'not be told apart. Give the documents of the input ids that differ, and embed it again into another folder.',
  );
}

/** Fingerprints of ids, 64 bits each. */
class Fingerprints {
  readonly #prints: BigUint64Array;
  #count = 0;
  #last: bigint | null = null;

  /** @param most how many there are at most */
  constructor(most: number) {
    try {
      this.#prints = new BigUint64Array(most);
    } catch (error) {
      throw new LongEmbedError(
        'ERR_OUT_OF_MEMORY',
        `Comparing the ids of ${count(most)} documents takes ${formatBytes(8 * most)} of memory: merge on a machine that has it.`,
        { cause: error },
      );
    }
  }

  /** The last document of a part and the first of the next are two, also where their ids are equal. */
  beginPart(): void {
    this.#last = null;
  }

  /** @returns false: there are more than there should be */
  add(id: Uint8Array): boolean {
    const print = fingerprint(id);
    // The rows of a document's chunks or windows follow each other.
    if (print === this.#last) return true;
    this.#last = print;
    if (this.#count === this.#prints.length) return false;
    this.#prints[this.#count++] = print;
    return true;
  }

  /** Those that were added more than once, ascending; sorts in place. */
  repeated(): BigUint64Array {
    const sorted = this.#prints.subarray(0, this.#count).sort();
    let kept = 0;
    for (let i = 1; i < sorted.length; i++) {
      const print = sorted[i] ?? 0n;
      if (print !== sorted[i - 1] || (kept > 0 && sorted[kept - 1] === print)) continue;
      sorted[kept++] = print;
    }
    return sorted.subarray(0, kept);
  }
}

const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);

/** Two sums of 32 bits, multiplied by odd numbers that differ. Equal ids have equal ones; others may, by chance. */
function fingerprint(id: Uint8Array): bigint {
  let [a, b] = [0x811c9dc5, 0x2545f491];
  // not "for … of", which is slower
  for (let i = 0; i < id.length; i++) {
    const byte = id[i] ?? 0;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul((b << 7) ^ (b >>> 25) ^ byte, 0x9e3779b1);
  }
  halves[0] = a;
  halves[1] = b;
  return scratch[0] ?? 0n;
}

/** @param numbers ascending */
function includes(numbers: BigUint64Array, wanted: bigint): boolean {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0n) < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}

/**
 * Reads the ids of a part's vectors, as JSON in UTF-8, in order; those of a document's several vectors one after the other.
 * @param take @returns false: there are more than the manifest says
 */
async function eachId(
  folder: string,
  manifest: Manifest,
  signal: AbortSignal,
  take: (id: Buffer) => boolean,
): Promise<void> {
  const { format } = manifest.run;
  const path = join(folder, fileOf(manifest, format === 'npy' ? 'npy.jsonl' : format)?.name ?? '');
  const taken = (id: Buffer): void => {
    if (!take(id)) throw damagedPart(path, manifest, IDS);
  };
  if (format === 'parquet') return eachIdOfParquet(folder, manifest, signal, taken);
  let begun = Buffer.alloc(0);
  let isRead = false;
  for await (const piece of createReadStream(path, {
    highWaterMark: READ_BYTES,
    signal,
  }) as AsyncIterable<Buffer>) {
    for (let from = 0; from < piece.length;) {
      if (isRead) {
        // The rest of a row is numbers, which nobody needs to look at.
        const end = piece.indexOf(NEWLINE, from);
        isRead = end < 0;
        from = end < 0 ? piece.length : end + 1;
        continue;
      }
      const row = begun.length === 0 ? piece.subarray(from) : Buffer.concat([begun, piece.subarray(from)]);
      const id = idOf(row);
      if (id === undefined) throw damagedPart(path, manifest, IDS);
      begun = id === null ? Buffer.from(row) : Buffer.alloc(0);
      if (id === null) break;
      // A row of NaN is nobody's.
      if (id.toString() !== 'null') taken(id);
      isRead = true;
    }
  }
  if (begun.length > 0) throw damagedPart(path, manifest, IDS);
}

/** The JSON of a row's id. @returns null: the row does not go that far; undefined: it is no row of ours */
function idOf(row: Buffer): Buffer | null | undefined {
  const length = Math.min(row.length, ROW_BEGIN.length);
  if (!row.subarray(0, length).equals(ROW_BEGIN.subarray(0, length))) return undefined;
  const isString = row[ROW_BEGIN.length] === QUOTE;
  for (let i = ROW_BEGIN.length + (isString ? 1 : 0); i < row.length; i++) {
    const byte = row[i];
    if (byte === NEWLINE) return undefined;
    if (isString && byte === QUOTE) return row.subarray(ROW_BEGIN.length, i + 1);
    if (isString && byte === BACKSLASH) i += 1;
    if (!isString && (byte === COMMA || byte === BRACE)) return row.subarray(ROW_BEGIN.length, i);
  }
  return null;
}

async function eachIdOfParquet(
  folder: string,
  manifest: Manifest,
  signal: AbortSignal,
  take: (id: Buffer) => void,
): Promise<void> {
  const reader = await optionalPackages('Merging parquet files', ['hyparquet'], () => import('hyparquet'));
  const source = new PartSource(folder, manifest, signal, () => undefined);
  // The reader may take for ever for a damaged file.
  await source.verify();
  const read = async (): Promise<void> => {
    const file = await reader.asyncBufferFromFile(source.path);
    const metadata = await reader.parquetMetadataAsync(file);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      signal.throwIfAborted();
      const rowEnd = rowStart + Number(group.num_rows);
      const columns = ['id', 'error'];
      const rows = await reader.parquetReadObjects({ file, metadata, columns, rowStart, rowEnd });
      for (const { id, error } of rows)
        if (error === null || error === undefined) take(Buffer.from(JSON.stringify(id)));
      rowStart = rowEnd;
    }
  };
  await read().catch((error: unknown) => {
    throw signal.aborted || error instanceof LongEmbedError
      ? error
      : damagedPart(source.path, manifest, IDS, error);
  });
}
