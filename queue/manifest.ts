import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-file.js';
import { readFailure } from '../lib/error.js';
import { vectorFacts } from '../lib/vector-file/facts.js';
import { invalid, partName, type Shard } from './shard.js';

/** The formats of parts. */
export const PART_FORMATS = ['jsonl', 'npy', 'parquet'] as const;
export type PartFormat = (typeof PART_FORMATS)[number];

const shard = z.object({ index: z.int().min(0), count: z.int().min(1) });

/** What all parts of a run agree on. */
const run = z.object({
  facts: vectorFacts,
  input: z.object({ bytes: z.number(), fingerprint: z.string() }),
  shards: z.int().min(1),
  format: z.enum(PART_FORMATS),
});
export type Run = z.infer<typeof run>;

/** Counts of a part, or of a whole run. */
const counts = z.object({
  documents: z.int().min(0),
  /** Documents that gave no vector. */
  failed: z.int().min(0),
  truncated: z.int().min(0),
  /** Rows of the file: a document has several with chunks or windows, and failed ones have rows in npy and parquet alone. */
  rows: z.int().min(0),
  /** Of documents that gave a vector. */
  tokens: z.int().min(0),
});
export type Counts = z.infer<typeof counts>;

/** A file of a part, by its name in the folder. */
const file = z.object({ name: z.string(), bytes: z.int().min(0), sha256: z.string() });
export type PartFile = z.infer<typeof file>;

const manifest = z.object({
  longembed: z.string(),
  shard,
  run,
  counts,
  /** The vectors first; beside them whose rows they are (npy), and the documents that failed. */
  files: z.array(file).min(1),
  /** SHA-256 of all documents of the part, ids and contents, in order. */
  documentsSha256: z.string(),
  device: z.string(),
});

/** A part that is whole: the manifest is written last. */
export type Manifest = z.infer<typeof manifest>;

/** What need not agree between parts: the name of the same model's file. */
export const MAY_DIFFER = ['name'];

/** The path of a part's manifest. */
export function manifestPath(folder: string, of: Shard): string {
  return join(folder, `${partName(of)}.json`);
}

export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  await writeFileAtomically(manifestPath(folder, content.shard), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * @returns null when there is none
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be read or is none
 */
export async function readManifest(folder: string, of: Shard): Promise<Manifest | null> {
  const path = manifestPath(folder, of);
  return readJson(path, manifest, `it is no manifest of a part: do the part again with --force`);
}

/**
 * Whether a part's files are there, in full.
 * @returns a clause about the first that is not, with its path; null: they are
 */
export async function wrongFile(folder: string, { files }: Manifest): Promise<string | null> {
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    const size = await stat(path).then(
      (stats) => stats.size,
      () => null,
    );
    if (size === null) return `${path} is missing`;
    if (size !== bytes) return `${path} has ${size} bytes, and its manifest says ${bytes}`;
  }
  return null;
}

/** The path of what the parts of a folder agree on. */
export function runPath(folder: string): string {
  return join(folder, 'run.json');
}

/** What the folder's parts agree on so far; null: it has none. */
export function readRun(folder: string): Promise<Run | null> {
  return readJson(runPath(folder), run, 'it does not describe a run: remove it');
}

export async function writeRun(folder: string, content: Run): Promise<void> {
  await writeFileAtomically(runPath(folder), `${JSON.stringify(content, null, 2)}\n`);
}

async function readJson<T>(path: string, schema: z.ZodType<T>, otherwise: string): Promise<T | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw invalid(`Cannot read ${path}: ${readFailure(error)}.`, error);
  });
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw invalid(`Cannot use ${path}: ${otherwise}.`, error);
  }
}
