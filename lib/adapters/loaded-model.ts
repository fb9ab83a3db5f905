import { display } from '../error.js';
import { type EmbeddingModel, LongEmbedError } from '../index.js';

/** Whether something is a loaded model, of this copy of the package or of another, as bundlers make them. */
export function isLoadedModel(value: unknown): value is EmbeddingModel {
  if (typeof value !== 'object' || value === null) return false;
  const { info, embed, embedMany } = value as Partial<EmbeddingModel>;
  return typeof info === 'object' && typeof embed === 'function' && typeof embedMany === 'function';
}

/**
 * @param loader what takes a name or a path instead
 * @throws LongEmbedError ERR_INVALID_OPTION
 */
export function checkLoadedModel(value: unknown, loader: string): EmbeddingModel {
  if (isLoadedModel(value)) return value;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The model is ${display(value)}: it must be a loaded model, as EmbeddingModel.load gives it; ${loader} takes a name or a path.`,
  );
}
