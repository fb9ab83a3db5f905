import { basename } from 'node:path';
import {
  type ChunkRule,
  type EmbedManyOptions,
  formatExtend,
  type ModelInfo,
  parseExtend,
} from '../lib/index.js';
import { filesSha256, modelFiles } from '../lib/model-files.js';
import type { VectorFacts } from '../lib/vector-file/facts.js';

/**
 * How vectors are made by a loaded model with these options: reads the model's file for its hash.
 * @param tokenizer the tokenizer.json in use; undefined: none
 * @throws the signal's reason
 */
export async function factsOf(
  info: ModelInfo,
  options: EmbedManyOptions,
  chunks: ChunkRule | null,
  tokenizer: string | undefined,
  signal: AbortSignal,
): Promise<VectorFacts> {
  const hash = async (files: readonly string[]): Promise<string> =>
    (await filesSha256(files, signal)).toString('hex');
  const { extend = 'none', as = 'document' } = options;
  return {
    model: {
      name: basename(info.path),
      sha256: await hash(modelFiles(info.path)),
      architecture: info.architecture,
      tokenizer: tokenizer === undefined ? null : await hash([tokenizer]),
      nativeContext: info.nativeContext,
      specialTokens: info.specialTokens,
      precision: info.precision,
    },
    extend: formatExtend(typeof extend === 'string' ? parseExtend(extend) : extend),
    prompt: options.prompt ?? (as === 'raw' ? '' : info.prompts[as]),
    pooling: options.pooling ?? info.pooling,
    normalize: options.normalize ?? true,
    dimensions: options.dimensions ?? info.dimensions,
    truncate: options.truncate ?? false,
    maxTokens: options.maxTokens ?? null,
    chunks: (chunks as VectorFacts['chunks'] | null) ?? null,
    vectors: options.vectors ?? 'document',
  };
}
