/** The options of the public calls, checked at the edge: see `LoadOptions`, `EmbedOptions`, `EmbedManyOptions` for what they mean. */
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
  whole,
} from '../check-options.js';
import type { EmbedManyOptions, EmbedOptions, EmbedProgress, LoadOptions, MemoryOptions } from './types.js';

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
  threads: whole(0),
  mmap: flag,
  precision: oneOf('full', 'bf16'),
  isolate: flag,
  signal,
  onProgress: callback<number>(),
  onWarning: callback<string>(),
});

const EMBED_SHAPE = {
  extend: extend.optional(),
  as: oneOf('query', 'document', 'raw'),
  prompt: text,
  pooling,
  normalize: flag,
  truncate: flag,
  maxTokens: whole(1),
  signal,
  onProgress: callback<EmbedProgress>(),
};

const EMBED = object(EMBED_SHAPE);
const EMBED_MANY = object({ ...EMBED_SHAPE, batchTokens: whole(1) });
const MEMORY = object({
  tokens: requiredWhole(1),
  extend: EMBED_SHAPE.extend,
  as: EMBED_SHAPE.as,
  prompt: text,
  pooling,
  batchTokens: whole(1),
});

/** @throws LongEmbedError ERR_INVALID_OPTION; so do the others */
export const checkLoadOptions = (given: unknown): LoadOptions => checkOptions<LoadOptions>(LOAD, given);
export const checkEmbedOptions = (given: unknown): EmbedOptions => checkOptions<EmbedOptions>(EMBED, given);
export const checkEmbedManyOptions = (given: unknown): EmbedManyOptions =>
  checkOptions<EmbedManyOptions>(EMBED_MANY, given);
export const checkMemoryOptions = (given: unknown): MemoryOptions =>
  checkOptions<MemoryOptions>(MEMORY, given);
