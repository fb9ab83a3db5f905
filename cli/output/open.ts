import { fstatSync, type Stats } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import type { VectorOutput } from '../../lib/vector-file/rows.js';
import { UsageError } from '../exit.js';
import { JsonlOutput } from './jsonl.js';
import { NpyFileOutput, NpyStreamOutput } from './npy.js';
import { LazyOutput } from './output.js';
import { type DescribeVectors, ParquetOutput } from './parquet.js';
import { AtomicSink, FileSink, outputError, type Sink, StdoutSink } from './sinks.js';

/** The values of --output-format. */
export const OUTPUT_FORMATS = ['jsonl', 'npy', 'parquet'] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface OutputOptions {
  /** null: standard output. */
  readonly path: string | null;
  /** null: npy or parquet for a path that ends so, else jsonl. */
  readonly format: OutputFormat | null;
  /** Paths that are read, the model's among them, `-` for standard input: none may be written to. */
  readonly inputs: readonly string[];
  /** Whether a file with content may be replaced. */
  readonly force: boolean;
  /** Whether rows may be parts of documents: a NumPy file then comes with another that says whose they are. */
  readonly parts: boolean;
  /** What a parquet file says of its vectors. */
  readonly describe: DescribeVectors;
  readonly stdout: Writable & { isTTY?: boolean };
}

/**
 * Opens the output, before the model is loaded, so that an unwritable output is reported at once.
 * @throws UsageError with the reason
 */
export async function openOutput({
  path,
  format: given,
  inputs,
  force,
  parts,
  describe,
  stdout,
}: OutputOptions): Promise<LazyOutput> {
  const format = given ?? formatOf(path);
  if (path === null) {
    if (format !== 'jsonl' && stdout.isTTY === true) {
      throw new UsageError(`A ${NAMES[format]} file is not for a terminal: name a file with --output.`);
    }
    if (format === 'npy' && parts) {
      throw new UsageError(
        'A NumPy file of chunks or windows comes with a second file that says whose rows they are: name a file with --output.',
      );
    }
    await refuseInput(statDescriptor(1), 'standard output', inputs);
    return new LazyOutput(await openStream(format, () => new StdoutSink(stdout), describe));
  }
  if (path === '') throw new UsageError('The name of the output is empty: name a file with --output.');
  const before = await stat(path).catch(() => null);
  await refuseInput(before, path, inputs);
  if (before !== null) await access(path, constants.W_OK).catch((error: unknown) => outputError(path, error));
  if (before?.isDirectory() === true) outputError(path, { code: 'EISDIR' });
  // A file without content, as mktemp makes it, has nothing to lose.
  const replaces = before?.isFile() === true && before.size > 0;
  if (replaces && !force) {
    throw new UsageError(`The output ${path} exists: name another, or replace it with --force.`);
  }
  await refuseFullDisk(path);
  const places = format === 'npy' && parts ? `${path}.jsonl` : null;
  if (places !== null) await refuseInput(await stat(places).catch(() => null), places, inputs);
  if (places !== null && !force && (await stat(places).catch(() => null)) !== null) {
    throw new UsageError(`The output ${places} exists: name another, or replace it with --force.`);
  }
  // A pipe or a device cannot be replaced by a file.
  const output =
    before === null || before.isFile()
      ? openFile(path, format, {
          mode: before?.mode,
          isNew: before === null,
          replaces: force,
          places,
          describe,
        })
      : openStream(format, () => FileSink.open(path, { isNew: false, replaces: true }), describe);
  return new LazyOutput(await output, { replaces });
}

const NAMES = { jsonl: 'jsonl', npy: 'NumPy', parquet: 'parquet' } as const;

/** The format that a path's name says; null: of standard output. */
export function formatOf(path: string | null): OutputFormat {
  const name = path?.toLowerCase() ?? '';
  return OUTPUT_FORMATS.find((format) => name.endsWith(`.${format}`)) ?? 'jsonl';
}

/** An output that cannot seek. */
async function openStream(
  format: OutputFormat,
  open: () => Sink | Promise<Sink>,
  describe: DescribeVectors,
): Promise<VectorOutput> {
  if (format === 'parquet') return ParquetOutput.open(async () => open(), describe);
  return format === 'npy' ? new NpyStreamOutput(await open()) : new JsonlOutput(await open());
}

interface FileOptions {
  /** Permissions of the file that is replaced. */
  readonly mode: number | undefined;
  readonly isNew: boolean;
  /** Whether a file is replaced that another run writes meanwhile. */
  readonly replaces: boolean;
  /** Where to say whose rows a NumPy file has; null: nowhere. */
  readonly places: string | null;
  readonly describe: DescribeVectors;
}

async function openFile(
  path: string,
  format: OutputFormat,
  { mode, isNew, replaces, places, describe }: FileOptions,
): Promise<VectorOutput> {
  if (format === 'npy') return NpyFileOutput.create(path, { mode, replaces, places });
  if (format === 'jsonl') return new JsonlOutput(await FileSink.open(path, { isNew, replaces }));
  return ParquetOutput.open(() => AtomicSink.open(path, { mode, replaces }), describe);
}

/** Overwriting an input that is still being read would lose it, or never end. */
async function refuseInput(output: Stats | null, name: string, inputs: readonly string[]): Promise<void> {
  if (output?.isFile() !== true) return;
  for (const path of inputs) {
    const input = path === '-' ? statDescriptor(0) : await stat(path).catch(() => null);
    if (input?.isFile() === true && input.ino === output.ino && input.dev === output.dev) {
      const what = path === '-' ? 'standard input' : path;
      throw new UsageError(`The output, ${name}, is the same file as the input, ${what}: name another.`);
    }
  }
}

function statDescriptor(descriptor: number): Stats | null {
  try {
    return fstatSync(descriptor);
  } catch {
    return null;
  }
}

async function refuseFullDisk(path: string): Promise<void> {
  const disk = await statfs(dirname(path)).catch((error: unknown) => outputError(path, error));
  if (disk.blocks > 0 && disk.bavail === 0) outputError(path, { code: 'ENOSPC' });
}
