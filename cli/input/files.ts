import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { LongEmbedError, readFailure } from '../../lib/error.js';
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
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`Cannot read the folder ${folder}: ${readFailure(error)}.`, { cause: error });
  });
  const files = names
    .filter((name) => IN_FOLDERS[format].test(name))
    .map((name) => join(folder, name))
    .sort();
  if (files.length > 0) return files;
  const what = { text: '.txt', jsonl: '.jsonl or .ndjson', tokens: '.tokens' }[format];
  throw new UsageError(`The folder ${folder} holds no ${what} files: name the files in it.`);
}

/**
 * The paths of a list, one a line; blank lines are passed over.
 * @param list its path, `-` for standard input
 * @throws UsageError when it cannot be read or names nothing
 */
export async function filesFrom(list: string, stdin: Readable): Promise<string[]> {
  let text: string;
  try {
    text = decodeUtf8(list === '-' ? await buffer(stdin) : await readFile(list));
  } catch (error) {
    const reason = error instanceof LongEmbedError ? error.message : `${readFailure(error)}.`;
    throw new UsageError(`Cannot read the list of files ${list}: ${reason}`, { cause: error });
  }
  const paths = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (paths.length === 0) throw new UsageError(`The list ${list} names no files.`);
  if (list === '-' && paths.includes('-')) {
    throw new UsageError('Standard input is the list of files: it cannot hold a document too.');
  }
  return paths;
}
