import { isDeepStrictEqual } from 'node:util';
import type { EmbeddingModel, ModelInfo } from '../../lib/index.js';
import type { ResolvedExtend } from '../../lib/extend/index.js';

/** The part of a model that the server uses. */
export type Model = Pick<EmbeddingModel, 'info' | 'tokenize' | 'embedMany' | 'embedManyChunks' | 'dispose'> &
  Partial<Pick<EmbeddingModel, 'workload'>>;

/** A model that the server offers, loaded or not. */
export interface ServedModel {
  /** Its name in requests. */
  readonly id: string;
  readonly info: ModelInfo;
  /** The strategy of requests that do not name one. */
  readonly extend: ResolvedExtend;
  /** The longest input that the model takes by default, prompt and special tokens included. */
  readonly maxTokens: number;
  /** What the operator allows of an input, whatever the strategy takes; Infinity: all. */
  readonly cap: number;
}

/** Whether settings of requests that were made for one of them mean the same for the other. */
export function isSameForRequests(a: ServedModel, b: ServedModel): boolean {
  return a === b || isDeepStrictEqual(settingFacts(a), settingFacts(b));
}

/** What settings depend on. The rest of `info` also tells how and where a model was loaded. */
function settingFacts({ info, extend }: ServedModel) {
  const { architecture, dimensions, nativeContext, prompts } = info;
  return { architecture, dimensions, nativeContext, prompts, spec: extend.spec, limit: extend.limit };
}
