import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ChunkRule, EmbedManyOptions, Extend, Pooling } from '../lib/index.js';
import { parseSize } from '../lib/format.js';
import type { Context } from './context.js';
import { UsageError } from './exit.js';
import { expandFolders, filesFrom } from './input/files.js';
import type { JsonlKeys } from './input/formats.js';
import { INPUT_FORMATS } from './input/input.js';
import { DIMENSIONS, parseSpec, wholeNumber } from './options.js';

/** The options that say how documents become vectors, as commander gives them. */
export interface EmbeddingOptions {
  extend?: Extend;
  maxTokens?: number;
  as: 'query' | 'document' | 'raw';
  prompt?: string;
  pooling?: Pooling;
  normalize: boolean;
  dimensions?: number;
  truncate?: boolean;
  chunks?: ChunkRule;
  chunkOverlap?: number;
  vectors: 'document' | 'windows';
}

/** The options that say what the documents are. */
export interface InputOptions {
  inputFormat?: (typeof INPUT_FORMATS)[number];
  idKey?: string;
  textKey?: string;
  filesFrom?: string;
}

export function addEmbeddingOptions(command: Command): Command {
  return command
    .optionsGroup('Embedding:')
    .option('--extend <spec>', 'strategy beyond the native context, see below (default: none)', parseSpec)
    .option(
      '--max-tokens <tokens>',
      'maximum length of a document, prompt and special tokens included',
      wholeNumber(1),
    )
    .addOption(
      new Option('--as <kind>', "which of the model's prompts to use; raw uses none")
        .choices(['query', 'document', 'raw'])
        .default('document'),
    )
    .option('--prompt <text>', 'a custom prompt, instead of --as')
    .addOption(
      new Option('--pooling <how>', "how token vectors are pooled (default: the model's pooling)").choices([
        'mean',
        'cls',
        'last',
      ]),
    )
    .option('--no-normalize', 'do not scale vectors to length 1')
    .option('--dimensions <count>', DIMENSIONS, wholeNumber(1))
    .option('--truncate', 'cut documents that are too long instead of failing them')
    .option(
      '--chunks <size>',
      'a vector for every chunk, with the whole document in view: tokens a chunk, sentences or paragraphs',
      chunkRule,
    )
    .option('--chunk-overlap <count>', 'tokens that neighbouring chunks share (default: 0)', wholeNumber(0))
    .addOption(
      new Option('--vectors <of>', 'windows: a vector for every window of pcw, not their mean')
        .choices(['document', 'windows'])
        .default('document'),
    );
}

export function addInputOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--input-format <format>',
        'format of the FILEs (default: jsonl for .jsonl and .ndjson, else text)',
      ).choices(INPUT_FORMATS),
    )
    .option('--files-from <list>', 'file with the names of more FILEs, one per line; - reads standard input')
    .option('--id-key <key>', 'key of the id in jsonl lines (default: the first of id, _id, doc_id, docid)')
    .option(
      '--text-key <key>',
      'key of the text in jsonl lines (default: the first of text, contents, content)',
    );
}

/** The same as options of `embedMany`. */
export function embedOptions(options: EmbeddingOptions): EmbedManyOptions {
  const { extend, maxTokens, as, prompt, pooling, normalize, dimensions, truncate, vectors } = options;
  return { extend, maxTokens, as, prompt, pooling, normalize, dimensions, truncate, vectors };
}

function chunkRule(text: string): ChunkRule {
  if (text === 'sentences' || text === 'paragraphs') return text;
  const size = parseSize(text);
  if (size !== null && size >= 1) return size;
  throw new InvalidArgumentError('It must be a number of tokens from 1, sentences or paragraphs.');
}

/** How texts are cut into chunks; null where no chunks are asked for. */
export function chunksOf({ chunks, chunkOverlap: overlap, vectors }: EmbeddingOptions): ChunkRule | null {
  if (chunks === undefined) {
    if (overlap === undefined) return null;
    throw new UsageError('--chunk-overlap is for chunks: give --chunks, too.');
  }
  if (vectors === 'windows') throw new UsageError('--chunks and --vectors windows exclude each other.');
  if (overlap === undefined) return chunks;
  if (typeof chunks !== 'number') {
    throw new UsageError(`--chunk-overlap counts tokens, and --chunks is ${JSON.stringify(chunks)}.`);
  }
  if (overlap >= chunks)
    throw new UsageError(`--chunk-overlap is ${overlap}: it must be less than --chunks.`);
  return { by: 'tokens', size: chunks, overlap };
}

/** The files that arguments and --files-from name, those of folders included. */
export async function inputPaths(
  files: readonly string[],
  { filesFrom: list, inputFormat }: InputOptions,
  { stdin, signal }: Context,
): Promise<string[]> {
  if (list === '-' && files.includes('-')) {
    throw new UsageError('Standard input is the list of files: it cannot hold a document too.');
  }
  const listed = list === undefined ? [] : await filesFrom(list, stdin, signal);
  return expandFolders([...files, ...listed], inputFormat ?? 'text');
}

export function jsonlKeys({ idKey, textKey }: InputOptions): JsonlKeys {
  return { id: idKey ?? null, text: textKey ?? null };
}
