import { randomUUID } from 'node:crypto';
import { access, constants, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LongEmbedError } from '../../../lib/error.js';
import { makeFolders } from '../../../lib/folders.js';
import { userCacheFolder } from '../../user-cache.js';
import { folderFailure } from '../folders.js';

/** Changes when older versions would misread the entries, or when vectors of older versions must not be used. */
const CACHE_FORMAT = 2;

/** The file that marks a folder as a cache and names its format. */
const MARKER = 'longembed-bench-cache.json';

/**
 * The default cache: LONGEMBED_CACHE, else `bench` in the user's cache folder.
 * @throws LongEmbedError ERR_INVALID_OPTION when the variable is not set and the user has no home folder
 */
export async function defaultCacheFolder(): Promise<string> {
  const set = process.env['LONGEMBED_CACHE'] ?? '';
  if (set !== '') return resolve(set);
  const advice = 'give a folder with --cache, or set LONGEMBED_CACHE to one';
  return join(await userCacheFolder('cached embeddings', advice), 'bench');
}

/**
 * Makes a new or empty folder a cache. Any other folder must be a cache of this format already; its files are not changed.
 * @throws LongEmbedError ERR_INVALID_OPTION that says what is wrong and what to do
 */
export async function prepareCacheFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const names = await readdir(folder);
    // Read after the names: another process may be making the folder a cache, and writes the marker first.
    const marker = await readMarker(folder);
    if (marker !== null) checkMarker(folder, marker);
    else if (names.every((name) => name.startsWith(MARKER))) await writeMarker(folder);
    else throw notACache(folder);
  } catch (error) {
    if (error instanceof LongEmbedError) throw error;
    throw invalid(
      `The cache folder ${folder} cannot be used: ${folderFailure(error)}. Give another --cache.`,
      error,
    );
  }
}

async function readMarker(folder: string): Promise<string | null> {
  try {
    return await readFile(join(folder, MARKER), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function checkMarker(folder: string, marker: string): void {
  const format = formatOf(marker);
  if (format === CACHE_FORMAT) return;
  if (format === null) throw damaged(folder, `its ${MARKER} cannot be read`);
  throw invalid(
    `The cache in ${folder} has format ${format}, and this version of longembed uses format ${CACHE_FORMAT}. ` +
      'It was not changed: give another --cache, or delete the folder if no other version uses it.',
  );
}

function formatOf(marker: string): number | null {
  try {
    const { format } = JSON.parse(marker) as { format?: unknown };
    return typeof format === 'number' ? format : null;
  } catch {
    return null;
  }
}

/** Atomic; several runs may do it at once, with the same content. */
async function writeMarker(folder: string): Promise<void> {
  const partial = join(folder, `${MARKER}.${randomUUID().slice(0, 8)}`);
  await writeFile(partial, `${JSON.stringify({ format: CACHE_FORMAT })}\n`);
  await rename(partial, join(folder, MARKER));
}

function notACache(folder: string): LongEmbedError {
  return invalid(
    `The folder ${folder} is not empty and is not a longembed cache: give --cache a new or empty folder.`,
  );
}

/** @param how a clause */
export function damaged(folder: string, how: string, cause?: unknown): LongEmbedError {
  return invalid(
    `The cache in ${folder} is damaged: ${how}. Delete the folder, or give another --cache; its embeddings are then computed again.`,
    cause,
  );
}

export function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, cause === undefined ? {} : { cause });
}
