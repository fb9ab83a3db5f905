/** The options of the public calls, checked at the edge: see `LoadOptions`, `EmbedOptions`, `EmbedManyOptions` for their meaning. */
import { z } from 'zod';
import {
  callback,
  checkOptions,
  extend,
  filePath,
  flag,
  object,
  oneOf,
  preset,
  requiredWhole,
  signal,
  text,
  threads,
  whole,
} from '../check-options.js';
import type {
  CountOptions,
  DownloadProgress,
  EmbedManyOptions,
  EmbedOptions,
  EmbedProgress,
  LoadOptions,
  MemoryOptions,
} from './types.js';
import { LongEmbedError } from '../error.js';
import type { EmbedChunksOptions } from './chunks/types.js';
import { resolveExtend, type ResolvedExtend } from '../extend/index.js';
import type { Pooling } from '../native/index.js';
import { checkWellFormed } from '../tokenize/index.js';
import { RERANKER } from './model-warnings.js';
import type { ModelSettings } from './configure.js';

const pooling = oneOf('mean', 'cls', 'last');

const LOAD = object({
  preset,
  nativeContext: whole(2),
  pooling,
  prompts: object({ query: text, document: text }).optional(),
  specialTokens: object({ bos: flag, eos: flag }).optional(),
  tokenizer: filePath,
  backend: oneOf('auto', 'cpu', 'cuda', 'metal', 'vulkan'),
  gpuLayers: whole(-1),
  checkDevice: flag,
  threads,
  mmap: flag,
  repack: flag,
  precision: oneOf('full', 'bf16'),
  isolate: flag,
  signal,
  onProgress: callback<number>(),
  onDownload: callback<DownloadProgress>(),
  onWarning: callback<string>(),
});

const EMBED_SHAPE = {
  extend: extend.optional(),
  as: oneOf('query', 'document', 'raw'),
  prompt: text,
  pooling,
  normalize: flag,
  dimensions: whole(1),
  truncate: flag,
  maxTokens: whole(1),
  signal,
  onProgress: callback<EmbedProgress>(),
};

const VECTORS = oneOf('document', 'windows');
const EMBED = object({ ...EMBED_SHAPE, vectors: VECTORS });
const EMBED_MANY = object({ ...EMBED_SHAPE, vectors: VECTORS, batchTokens: whole(1) });
/** `checkChunkRule` checks `chunks`. */
const EMBED_CHUNKS = object({ ...EMBED_SHAPE, chunks: z.unknown().optional(), batchTokens: whole(1) });
const MEMORY = object({
  tokens: requiredWhole(1),
  extend: EMBED_SHAPE.extend,
  as: EMBED_SHAPE.as,
  prompt: text,
  pooling,
  batchTokens: whole(1),
});
const COUNT = object({
  extend: EMBED_SHAPE.extend,
  as: EMBED_SHAPE.as,
  prompt: text,
  maxTokens: EMBED_SHAPE.maxTokens,
  signal,
});

/** @throws LongEmbedError ERR_INVALID_OPTION; so do the others */
export const checkLoadOptions = (given: unknown): LoadOptions => checkOptions<LoadOptions>(LOAD, given);
export const checkEmbedOptions = (given: unknown): EmbedOptions => checkOptions<EmbedOptions>(EMBED, given);
export const checkEmbedManyOptions = (given: unknown): EmbedManyOptions =>
  checkOptions<EmbedManyOptions>(EMBED_MANY, given);
export const checkEmbedChunksOptions = (given: unknown): EmbedChunksOptions =>
  checkOptions<EmbedChunksOptions>(EMBED_CHUNKS as z.ZodType<EmbedChunksOptions>, given);
export const checkMemoryOptions = (given: unknown): MemoryOptions =>
  checkOptions<MemoryOptions>(MEMORY, given);
export const checkCountOptions = (given: unknown): CountOptions => checkOptions<CountOptions>(COUNT, given);

/** The options of one call, with every default filled in for the model. */
export interface EmbedSettings {
  readonly extend: ResolvedExtend;
  readonly prompt: string;
  readonly pooling: Pooling;
  readonly normalize: boolean;
  /** Whether windows get vectors of their own, too. */
  readonly vectors: 'document' | 'windows';
  /** Numbers that are kept of a vector, the first ones. */
  readonly dimensions: number;
  readonly truncate: boolean;
  /** The longest document in tokens, prompt and special tokens included: the strategy's limit, or the lower maxTokens. */
  readonly limit: number;
  readonly batchTokens: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: EmbedProgress) => void) | undefined;
}

/** @throws LongEmbedError ERR_INVALID_OPTION, ERR_STRATEGY_UNSUPPORTED; ERR_TOKENIZER when the prompt is not well-formed */
export function resolveCountOptions(
  options: CountOptions,
  model: ModelSettings,
): Pick<EmbedSettings, 'extend' | 'prompt' | 'limit'> {
  const extend = resolveExtend(options.extend ?? 'none', model.strategyContext);
  const prompt = options.prompt ?? promptFor(options.as ?? 'document', model);
  checkWellFormed(prompt, 'The prompt');
  return { extend, prompt, limit: Math.min(extend.limit, options.maxTokens ?? Infinity) };
}

/** @throws LongEmbedError as `resolveCountOptions` */
export function resolveEmbedOptions(options: EmbedManyOptions, model: ModelSettings): EmbedSettings {
  return {
    ...resolveCountOptions(options, model),
    pooling: options.pooling ?? model.pooling ?? missingPooling(model),
    normalize: options.normalize ?? true,
    vectors: options.vectors ?? 'document',
    dimensions: keptDimensions(options.dimensions, model.dimensions),
    truncate: options.truncate ?? false,
    batchTokens: options.batchTokens ?? 4096,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

/** @throws LongEmbedError ERR_INVALID_OPTION */
export function keptDimensions(asked: number | undefined, ofModel: number): number {
  if (asked === undefined || asked <= ofModel) return asked ?? ofModel;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option dimensions is ${asked}: it must be a whole number from 1 to ${ofModel}, the dimensions of this model.`,
  );
}

function promptFor(as: 'query' | 'document' | 'raw', { prompts }: ModelSettings): string {
  return as === 'raw' ? '' : prompts[as];
}

function missingPooling({ filePooling }: ModelSettings): never {
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    filePooling === 'rank'
      ? `${RERANKER}. Use an embedding model, or give the option pooling, one of mean, cls, last, to pool it anyway.`
      : "Neither the model's file nor a preset says how to pool: give the option pooling, one of mean, cls, last.",
  );
}
