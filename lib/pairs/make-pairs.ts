import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, relative } from 'node:path';
import { z } from 'zod';
import { throwIfAborted } from '../abort.js';
import { AtomicFile } from '../atomic-file.js';
import { callback, checkOptions, filePath, flag, object, signal, whole } from '../check-options.js';
import { LongEmbedError, readFailure } from '../error.js';
import { filesBelow } from '../files-below.js';
import { checkDistinct, checkOutput } from '../output-file.js';
import { Random } from '../random.js';
import { decodeUtf8 } from '../text.js';
import { documentPairs, SeenTexts } from './document-pairs.js';

/** Options of `makePairs`. */
export interface MakePairsOptions {
  /** Path of a second file, which gets all pairs of some documents: to judge by, for the option `dev` of `tunePositions`. */
  dev?: string | undefined;
  /** The share of the documents whose pairs go there, above 0 and below 1; at least one document. Default 0.05. */
  devShare?: number | undefined;
  /** Characters of a passage, from 200: longer paragraphs become several. Default 800, some 200 tokens of English. */
  maxCharacters?: number | undefined;
  /** What the choice of sentences and of held-out documents follows from: a whole number from 0. Default 0. */
  seed?: number | undefined;
  /** Whether existing files may be replaced. Default `false`. */
  overwrite?: boolean | undefined;
  /** Stops the work; nothing is written then. */
  signal?: AbortSignal | undefined;
  /** Called for each document that cannot be read; the others are used. Default: the call rejects with the error. */
  onError?: ((path: string, error: LongEmbedError) => void) | undefined;
  /** Called after each document. An error it throws ends the call. */
  onProgress?: ((progress: { documents: number; of: number; pairs: number }) => void) | undefined;
}

/** What `makePairs` wrote. */
export interface MadePairs {
  /** Documents read. */
  documents: number;
  /** Pairs to learn from. */
  pairs: number;
  /** Pairs to judge by. */
  devPairs: number;
  /** Documents that could not be read. */
  failed: number;
}

const OPTIONS = object({
  dev: filePath,
  devShare: z
    .number('a number above 0 and below 1')
    .gt(0, 'a number above 0 and below 1')
    .lt(1, 'a number above 0 and below 1')
    .optional(),
  maxCharacters: whole(200),
  seed: whole(0),
  overwrite: flag,
  signal,
  onError: z
    .custom<NonNullable<MakePairsOptions['onError']>>((value) => typeof value === 'function', 'a function')
    .optional(),
  onProgress: callback<{ documents: number; of: number; pairs: number }>(),
});

/** The names of documents. */
const DOCUMENTS = ['.txt', '.md', '.markdown'];

/**
 * Makes pairs to tune on from documents of one's own, without a model: a section's title and its paragraphs, a sentence and the
 * passage around it. Nothing comes twice, and the same folder gives the same pairs in the same order.
 * @param folder of .txt, .md and .markdown files, which are found in its folders, too
 * @param output path of the JSON Lines file to write: `{"query", "positive"}` a line
 * @param options see `MakePairsOptions`
 * @throws LongEmbedError ERR_INVALID_OPTION for folders without documents and outputs that cannot be written, or that are one file or one
 *   of the documents; ERR_INPUT_EMPTY when the documents give no pairs; ERR_TOKENIZER for a document that is not UTF-8, unless `onError` takes it; ERR_ABORTED
 * @example
 * await makePairs('notes', 'pairs.jsonl', { dev: 'dev.jsonl' });
 * await tunePositions('e5-base-v2.gguf', 'e5-4k.gguf', { extend: 'pi:4k', pairs: 'pairs.jsonl', dev: 'dev.jsonl' });
 */
export async function makePairs(
  folder: string,
  output: string,
  options?: MakePairsOptions,
): Promise<MadePairs> {
  const checked = checkOptions<MakePairsOptions>(OPTIONS, options);
  const { dev, seed = 0, maxCharacters = 800, overwrite = false } = checked;
  const paths = await documentsIn(folder);
  const isHeldOut = dev === undefined ? () => false : heldOut(paths, folder, checked.devShare ?? 0.05, seed);
  const outputs = [
    { name: 'output', path: output },
    ...(dev === undefined ? [] : [{ name: 'dev', path: dev }]),
  ];
  await checkDistinct(
    outputs,
    paths.map((path) => ({ name: 'document', path })),
  );
  for (const { path } of outputs) await checkOutput(path, folder, overwrite, 0);

  const files = {
    pairs: await AtomicFile.create(output),
    dev: dev === undefined ? null : await AtomicFile.create(dev),
  };
  try {
    const made: MadePairs = { documents: 0, pairs: 0, devPairs: 0, failed: 0 };
    const seen = new SeenTexts();
    for (const path of paths) {
      throwIfAborted(checked.signal);
      const text = await readDocument(path, checked.onError);
      if (text === null) {
        made.failed += 1;
        continue;
      }
      const name = relative(folder, path);
      const pairs = documentPairs(text, maxCharacters, seen, Random.of(seed, 'pairs', name));
      const lines = pairs.map((pair) => `${JSON.stringify(pair)}\n`).join('');
      const isDev = files.dev !== null && isHeldOut(path);
      await (isDev ? files.dev : files.pairs)?.write(lines);
      made.documents += 1;
      made[isDev ? 'devPairs' : 'pairs'] += pairs.length;
      checked.onProgress?.({ documents: made.documents, of: paths.length, pairs: made.pairs });
    }
    if (made.pairs === 0) {
      throw new LongEmbedError(
        'ERR_INPUT_EMPTY',
        `The documents in ${folder} give no pairs: they need paragraphs of several sentences, or of some length under a title.`,
      );
    }
    await files.dev?.commit();
    await files.pairs.commit();
    return made;
  } finally {
    await files.pairs.abandon();
    await files.dev?.abandon();
  }
}

/** Sorted by path. @throws LongEmbedError ERR_INVALID_OPTION */
async function documentsIn(folder: string): Promise<string[]> {
  const invalid = (message: string, cause?: unknown): LongEmbedError =>
    new LongEmbedError('ERR_INVALID_OPTION', message, { cause });
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => true,
  );
  if (!isFolder) throw invalid(`${folder} is a file: give the folder that it is in.`);
  const isDocument = (name: string): boolean => DOCUMENTS.includes(extname(name).toLowerCase());
  const paths = await filesBelow(folder, isDocument).catch((error: unknown) => {
    throw invalid(`Cannot read the folder ${folder}: ${readFailure(error)}.`, error);
  });
  if (paths.length === 0) throw invalid(`The folder ${folder} holds no ${DOCUMENTS.join(', ')} files.`);
  return paths;
}

/**
 * Whole documents, so that no passage to judge by has its neighbours among those that are learned from.
 * @throws LongEmbedError ERR_INVALID_OPTION where there is a single document
 */
function heldOut(
  paths: readonly string[],
  folder: string,
  share: number,
  seed: number,
): (path: string) => boolean {
  if (paths.length < 2) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The folder ${folder} holds a single document, of which none can be held out: leave out dev, or split the document.`,
    );
  }
  const rank = (path: string): string =>
    createHash('sha256')
      .update(`${seed}/${relative(folder, path)}`)
      .digest('hex');
  const count = Math.min(paths.length - 1, Math.max(1, Math.round(share * paths.length)));
  const chosen = new Set([...paths].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, count));
  return (path) => chosen.has(path);
}

async function readDocument(path: string, onError: MakePairsOptions['onError']): Promise<string | null> {
  try {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw new LongEmbedError('ERR_INVALID_OPTION', `Cannot read it: ${readFailure(error)}.`, {
        cause: error,
      });
    });
    return decodeUtf8(bytes);
  } catch (error) {
    if (!(error instanceof LongEmbedError)) throw error;
    if (onError === undefined) {
      throw new LongEmbedError(error.code, `${path}: ${error.message}`, { cause: error });
    }
    onError(path, error);
    return null;
  }
}
