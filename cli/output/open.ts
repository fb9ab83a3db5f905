import { fstatSync, type Stats } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { UsageError } from '../exit.js';
import { JsonlOutput } from './jsonl.js';
import { NpyFileOutput, NpyStreamOutput } from './npy.js';
import { LazyOutput, type Output } from './output.js';
import { FileSink, outputError, StdoutSink } from './sinks.js';

/** The values of --output-format. */
export const OUTPUT_FORMATS = ['jsonl', 'npy'] as const;

export interface OutputOptions {
  /** null: standard output. */
  readonly path: string | null;
  /** null: npy for a path that ends in .npy, else jsonl. */
  readonly format: (typeof OUTPUT_FORMATS)[number] | null;
  /** Paths that are read, `-` for standard input: none may be written to. */
  readonly inputs: readonly string[];
  /** Whether a file with content may be replaced. */
  readonly force: boolean;
  /** Whether rows may be parts of documents: a NumPy file then comes with another that says whose they are. */
  readonly parts: boolean;
  readonly stdout: Writable & { isTTY?: boolean };
}

/**
 * Opens the output, before the model is loaded, so that an unwritable output is reported at once.
 * @throws UsageError with the reason
 */
export async function openOutput({
  path,
  format,
  inputs,
  force,
  parts,
  stdout,
}: OutputOptions): Promise<LazyOutput> {
  const npy = format === null ? path?.toLowerCase().endsWith('.npy') === true : format === 'npy';
  if (path === null) {
    if (npy && stdout.isTTY === true) {
      throw new UsageError('A NumPy file is not for a terminal: name a file with --output.');
    }
    if (npy && parts) {
      throw new UsageError(
        'A NumPy file of chunks or windows comes with a second file that says whose rows they are: name a file with --output.',
      );
    }
    await refuseInput(statDescriptor(1), 'standard output', inputs);
    const sink = new StdoutSink(stdout);
    return new LazyOutput(npy ? new NpyStreamOutput(sink) : new JsonlOutput(sink));
  }
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
  const places = npy && parts ? `${path}.jsonl` : null;
  if (places !== null && !force && (await stat(places).catch(() => null)) !== null) {
    throw new UsageError(`The output ${places} exists: name another, or replace it with --force.`);
  }
  return new LazyOutput(await openFile(path, npy, before, places), { replaces });
}

async function openFile(
  path: string,
  npy: boolean,
  before: Stats | null,
  places: string | null,
): Promise<Output> {
  if (!npy) return new JsonlOutput(await FileSink.open(path, before === null));
  // A pipe or a device cannot be replaced by a file.
  if (before !== null && !before.isFile()) return new NpyStreamOutput(await FileSink.open(path, false));
  return NpyFileOutput.create(path, { mode: before?.mode, places });
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
