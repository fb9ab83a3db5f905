import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile, writeFileAtomically } from '../../lib/atomic-file.js';
import { checkDistinct } from '../../lib/output-file.js';
import { packageVersion } from '../../lib/package.js';
import { NPY_HEADER_BYTES, npyHeader } from '../../lib/vector-file/npy.js';
import {
  type Counts,
  type Manifest,
  manifestPath,
  type PartFile,
  type PartFormat,
  runPath,
} from '../manifest.js';
import { invalid, shardName } from '../shard.js';
import { checkParts } from './check-parts.js';
import { mergeParquet } from './parquet.js';

export interface MergeOptions {
  /** The file to write; null: a manifest of the parts in their folder, which stay as they are. */
  readonly output: string | null;
  /** Replaces the output if it exists, and the files beside it. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Called with the fraction of the bytes that are written. */
  readonly onProgress: (fraction: number) => void;
}

/** What came of merging. */
export interface Merged {
  readonly path: string;
  readonly parts: number;
  readonly format: PartFormat;
  readonly counts: Counts;
}

/** Bytes copied at a time. */
const COPY_BYTES = 1 << 20;

/**
 * Puts the parts of a run together, in the order of the input, a megabyte at a time. Every byte is compared with the manifests on
 * its way into a file.
 * @throws LongEmbedError ERR_INVALID_OPTION when parts are missing, differ, or are not what their manifests say, and when the output
 *   cannot be written
 */
export async function mergeParts(folder: string, options: MergeOptions): Promise<Merged> {
  const manifests = await checkParts(folder);
  const format = manifests[0]?.run.format ?? 'jsonl';
  const counts = sumOf(manifests);
  const path = options.output ?? join(folder, 'manifest.json');
  if (options.output === null) await writeFileAtomically(path, manifestOfParts(manifests, counts));
  else {
    await checkOutput(path, format, folder, manifests, options.force);
    await writeFiles(path, folder, manifests, format, counts, options);
  }
  return { path, parts: manifests.length, format, counts };
}

function sumOf(manifests: readonly Manifest[]): Counts {
  const total = { documents: 0, failed: 0, truncated: 0, rows: 0, tokens: 0 };
  for (const { counts } of manifests) {
    for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
  }
  return total;
}

async function checkOutput(
  path: string,
  format: PartFormat,
  folder: string,
  manifests: readonly Manifest[],
  force: boolean,
): Promise<void> {
  const named = /\.(jsonl|npy|parquet)$/i.exec(path)?.[1]?.toLowerCase();
  if (named !== undefined && named !== format) {
    throw invalid(
      `The parts are ${format}, and ${path} is named ${named}: merging does not convert. Name a .${format} file.`,
    );
  }
  const outputs = [path, ...besidesOf(path, format).map((beside) => beside.path)];
  const inputs = manifests.flatMap(({ shard, files }) => [
    manifestPath(folder, shard),
    ...files.map(({ name }) => join(folder, name)),
  ]);
  await checkDistinct(
    outputs.map((one) => ({ name: 'output', path: one })),
    [runPath(folder), ...inputs].map((one) => ({ name: 'input', path: one })),
  );
  for (const one of force ? [] : outputs) {
    const before = await stat(one).catch(() => null);
    if (before?.isFile() === true && before.size > 0) {
      throw invalid(`The output ${one} exists: name another, or replace it with --force.`);
    }
  }
}

/** The files beside a merged file, and what those of the parts end in that they are made of. */
function besidesOf(path: string, format: PartFormat): { readonly path: string; readonly ending: string }[] {
  const errors = { path: `${path}.errors.jsonl`, ending: 'errors.jsonl' };
  return format === 'npy' ? [{ path: `${path}.jsonl`, ending: 'npy.jsonl' }, errors] : [errors];
}

/** The parts in order, for programs that read them where they are. */
function manifestOfParts(manifests: readonly Manifest[], counts: Counts): string {
  const [first] = manifests;
  const content = {
    longembed: packageVersion(),
    run: first?.run,
    counts,
    devices: [...new Set(manifests.map(({ device }) => device))],
    parts: manifests.map((one) => ({ shard: one.shard, counts: one.counts, files: one.files })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

async function writeFiles(
  path: string,
  folder: string,
  manifests: readonly Manifest[],
  format: PartFormat,
  counts: Counts,
  { signal, onProgress }: MergeOptions,
): Promise<void> {
  const total = manifests.reduce((sum, { files }) => sum + (files[0]?.bytes ?? 0), 0);
  let done = 0;
  const onBytes = (bytes: number): void => onProgress((done += bytes) / total);
  const hasFile = (ending: string): boolean => manifests.some((one) => fileOf(one, ending) !== null);
  const besides = besidesOf(path, format);
  const main = await AtomicFile.create(path);
  const opened: { readonly file: AtomicFile; readonly ending: string }[] = [];
  try {
    // All before anything is copied: that one cannot be written is known at once.
    for (const { path: beside, ending } of besides) {
      if (hasFile(ending)) opened.push({ file: await AtomicFile.create(beside), ending });
    }
    const source = (manifest: Manifest): PartSource => new PartSource(folder, manifest, signal, onBytes);
    if (format === 'parquet') await mergeParquet(main, manifests.map(source));
    else {
      if (format === 'npy') await main.write(npyHeader(counts.rows, manifests[0]?.run.facts.dimensions ?? 0));
      const from = format === 'npy' ? NPY_HEADER_BYTES : 0;
      for (const manifest of manifests) await source(manifest).copyTo(main, format, from);
    }
    for (const { file, ending } of opened) {
      for (const manifest of manifests) await source(manifest).copyTo(file, ending, 0);
    }
    for (const file of [...opened.map((one) => one.file), main]) await file.commit();
    // One of an earlier merge would say that documents of this one failed.
    for (const { path: beside, ending } of besides) if (!hasFile(ending)) await removeFile(beside);
  } finally {
    for (const file of [...opened.map((one) => one.file), main]) await file.abandon();
  }
}

/** Removes a file, if there is one; devices and folders stay. */
async function removeFile(path: string): Promise<void> {
  const before = await stat(path).catch(() => null);
  if (before?.isFile() === true) await rm(path, { force: true });
}

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
    for await (const piece of createReadStream(path, { highWaterMark: COPY_BYTES, signal: this.#signal })) {
      hash.update(piece as Buffer);
      this.#onBytes((piece as Buffer).length);
      yield piece as Buffer;
    }
    if (hash.digest('hex') === file.sha256) return;
    throw invalid(
      `${path} is not what its manifest says (SHA-256): copy it again, or do it again with longembed embed --shard ${shardName(this.#manifest.shard)} --force.`,
    );
  }
}

function fileOf({ files }: Manifest, ending: string): PartFile | null {
  return files.find(({ name }) => name.slice(name.indexOf('.') + 1) === ending) ?? null;
}
