import { LongEmbedError } from '../error.js';
import { resolveExtend, type ResolvedExtend } from '../extend/index.js';
import type { Pooling } from '../native/index.js';
import { checkWellFormed } from '../tokenize/index.js';
import type { ModelSettings } from './configure.js';
import type { EmbedManyOptions, EmbedProgress } from './types.js';

/** The options of one call, with every default filled in for the model. */
export interface EmbedSettings {
  readonly extend: ResolvedExtend;
  readonly prompt: string;
  readonly pooling: Pooling;
  readonly normalize: boolean;
  readonly truncate: boolean;
  /** The longest document in tokens, prompt and special tokens included: the strategy's limit, or the lower maxTokens. */
  readonly limit: number;
  readonly batchTokens: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: EmbedProgress) => void) | undefined;
}

/** @throws LongEmbedError ERR_INVALID_OPTION, ERR_STRATEGY_UNSUPPORTED; ERR_TOKENIZER when the prompt is not well-formed */
export function resolveEmbedOptions(options: EmbedManyOptions, model: ModelSettings): EmbedSettings {
  const extend = resolveExtend(options.extend ?? 'none', model.strategyContext);
  const prompt = options.prompt ?? promptFor(options.as ?? 'document', model);
  checkWellFormed(prompt, 'The prompt');
  return {
    extend,
    prompt,
    pooling: options.pooling ?? model.pooling ?? missingPooling(),
    normalize: options.normalize ?? true,
    truncate: options.truncate ?? false,
    limit: Math.min(extend.limit, options.maxTokens ?? Infinity),
    batchTokens: options.batchTokens ?? 4096,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

function promptFor(as: 'query' | 'document' | 'raw', { prompts }: ModelSettings): string {
  return as === 'raw' ? '' : prompts[as];
}

function missingPooling(): never {
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    "Neither the model's file nor a preset says how to pool: give the option pooling, one of mean, cls, last.",
  );
}
