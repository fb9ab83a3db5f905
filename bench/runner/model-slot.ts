import { basename } from 'node:path';
import type { BenchHooks, BenchModel, BenchOptions } from './types.js';

/** Holds one loaded model at a time: several may not fit into memory together. */
export class ModelSlot {
  readonly #load: BenchOptions['load'];
  readonly #hooks: BenchHooks;
  /** What was warned of: a model may be loaded twice. */
  readonly #warned = new Set<string>();
  #loaded: { readonly path: string; readonly model: BenchModel } | null = null;

  constructor(load: BenchOptions['load'], hooks: BenchHooks) {
    this.#load = load;
    this.#hooks = hooks;
  }

  /** The model, loaded now unless it is the one that was asked for last, whose place it takes. */
  async get(path: string): Promise<BenchModel> {
    if (this.#loaded?.path === path) return this.#loaded.model;
    await this.free();
    const { loadModel, signal, onWait, onWarning } = this.#hooks;
    const model = await loadModel(path, {
      ...this.#load,
      signal,
      onProgress: (fraction) => onWait(fraction, `loading ${basename(path)}`),
      onWarning: (message) => {
        const warning = `${basename(path)}: ${message}`;
        if (!this.#warned.has(warning)) onWarning(warning);
        this.#warned.add(warning);
      },
    });
    this.#loaded = { path, model };
    return model;
  }

  async free(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.model.dispose();
  }
}
