import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { untilAborted } from '../../lib/abort.js';
import { LongEmbedError, readFailure } from '../../lib/error.js';
import { filesBelow } from '../../lib/files-below.js';
import { decodeUtf8 } from '../../lib/text.js';
import { UsageError } from '../exit.js';
import type { InputSource } from './input.js';

/** The names of the files that are taken from a folder. */
const IN_FOLDERS: Record<InputSource['format'], RegExp> = {
  text: /\.txt$/i,
  jsonl: /\.(jsonl|ndjson)$/i,
  tokens: /\.tokens$/i,
};

/**
 * Puts in place of each folder the files of the format in it and in its folders, sorted by path. Anything else stays.
 * @throws UsageError when a folder holds none, or cannot be read
 */
export async function expandFolders(
  paths: readonly string[],
  format: InputSource['format'],
): Promise<string[]> {
  const expanded: string[] = [];
  for (const path of paths) {
    const isFolder = path !== '-' && (await stat(path).catch(() => null))?.isDirectory() === true;
    if (isFolder) expanded.push(...(await filesIn(path, format)));
    else expanded.push(path);
  }
  return expanded;
}

async function filesIn(folder: string, format: InputSource['format']): Promise<string[]> {
  const isWanted = (name: string): boolean => IN_FOLDERS[format].test(name);
  const files = await filesBelow(folder, isWanted).catch((error: unknown) => {
    throw new UsageError(`Cannot read the folder ${folder}: ${readFailure(error)}.`, { cause: error });
  });
  if (files.length > 0) return files;
  const what = { text: '.txt', jsonl: '.jsonl or .ndjson', tokens: '.tokens' }[format];
  throw new UsageError(`The folder ${folder} holds no ${what} files: name the files in it.`);
}

/**
 * The paths of a list, one a line; blank lines are passed over.
 * @param list its path, `-` for standard input
 * @param signal ends waiting for it
 * @throws UsageError when it cannot be read or names nothing; the signal's reason
 */
export async function filesFrom(list: string, stdin: Readable, signal: AbortSignal): Promise<string[]> {
  let text: string;
  try {
    // what is read may be a terminal or a pipe that stays silent
    text = decodeUtf8(await untilAborted(list === '-' ? buffer(stdin) : readFile(list), signal));
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof LongEmbedError ? error.message : `${readFailure(error)}.`;
    throw new UsageError(`Cannot read the list of files ${list}: ${reason}`, { cause: error });
  }
  if (text.includes('\0')) {
    throw new UsageError(
      `The list of files ${list} has NUL bytes: a name a line is expected, as find -print writes them.`,
    );
  }
  const paths = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (paths.length === 0) throw new UsageError(`The list ${list} names no files.`);
  if (list === '-' && paths.includes('-')) {
    throw new UsageError('Standard input is the list of files: it cannot hold a document too.');
  }
  return paths;
}
