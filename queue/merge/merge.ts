import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile, writeFileAtomically } from '../../lib/atomic-file.js';
import { checkDistinct } from '../../lib/output-file.js';
import { packageVersion } from '../../lib/package.js';
import { NPY_HEADER_BYTES, npyHeader } from '../../lib/vector-file/npy.js';
import { type Counts, type Manifest, manifestPath, type PartFormat, runPath } from '../manifest.js';
import { invalid } from '../shard.js';
import { checkParts } from './check-parts.js';
import { checkIds } from './ids.js';
import { mergeParquet } from './parquet.js';
import { fileOf, PartSource } from './part-source.js';

export interface MergeOptions {
  /** The file to write; null: a manifest of the parts in their folder, which stay as they are. */
  readonly output: string | null;
  /** Replaces the output if it exists, and the files beside it. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Called with the fraction that is done of comparing ids, then of writing. */
  readonly onProgress: (fraction: number, what: 'comparing ids' | 'merging') => void;
}

/** What came of merging. */
export interface Merged {
  readonly path: string;
  readonly parts: number;
  readonly format: PartFormat;
  readonly counts: Counts;
}

/**
 * Puts the parts of a run together, in the order of the input, a megabyte at a time. Every byte is compared with the manifests on
 * its way into a file.
 * @throws LongEmbedError ERR_INVALID_OPTION when parts are missing, differ, or are not what their manifests say, when two have an id
 *   in common, and when the output cannot be written
 */
export async function mergeParts(folder: string, options: MergeOptions): Promise<Merged> {
  const manifests = await checkParts(folder);
  const format = manifests[0]?.run.format ?? 'jsonl';
  const counts = sumOf(manifests);
  const path = options.output ?? join(folder, 'manifest.json');
  if (options.output !== null) await checkOutput(path, format, folder, manifests, options.force);
  // After the output, since this reads the parts.
  await checkIds(folder, manifests, options);
  if (options.output === null) await writeFileAtomically(path, manifestOfParts(manifests, counts));
  else await writeFiles(path, folder, manifests, format, counts, options);
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
  const onBytes = (bytes: number): void => onProgress((done += bytes) / total, 'merging');
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
