/** Small random models for tests that hold strategies against each other, loaded once a file. */
import { EmbeddingModel, type LoadOptions } from '../../lib/index.js';
import { drawTokenIds } from './fixtures.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';

/** The native context of every model that `load` is asked for here. */
export const NATIVE = 64;

/** Models by name; `close` frees them. */
export class StrategyModels {
  private readonly models = new Map<SpecName, Promise<EmbeddingModel>>();

  constructor(private readonly options: LoadOptions = {}) {}

  load(name: SpecName): Promise<EmbeddingModel> {
    const options: LoadOptions = {
      backend: 'cpu',
      threads: 1,
      preset: false,
      onWarning: () => undefined,
      ...this.options,
    };
    const loaded = this.models.get(name) ?? EmbeddingModel.load(modelPath(name), options);
    this.models.set(name, loaded);
    return loaded;
  }

  async close(): Promise<void> {
    for (const model of this.models.values()) await (await model).dispose();
  }
}

/** Content tokens that are no special ones. */
export function contentTokens(count: number, seed = count): Int32Array {
  return drawTokenIds(seed, count, { low: 5, high: 1024 });
}
