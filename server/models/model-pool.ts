import { untilAborted } from '../../lib/abort.js';
import { type ResolvedExtend, resolveExtend } from '../../lib/extend/index.js';
import { formatBytes } from '../../lib/format.js';
import { LongEmbedError, type Extend, type LoadOptions } from '../../lib/index.js';
import { ApiError } from '../api-error.js';
import { isSameForRequests, type Model, type ServedModel } from './served-model.js';

/** What a request is told, whom nobody reads. */
const CLIENT_GONE = 'The client has gone.';

/** A model to offer. */
export interface ModelEntry {
  readonly id: string;
  /** What `EmbeddingModel.load` takes; or a loaded model, which the pool neither unloads nor disposes of. */
  readonly source: string | Model;
}

export interface PoolOptions {
  readonly load: (path: string, options: LoadOptions) => Promise<Model>;
  readonly loadOptions: LoadOptions;
  readonly extend: string | Extend;
  readonly maxTokens: number | undefined;
  /** Bytes that the weights of loaded models may take together. */
  readonly maxMemoryBytes: number;
  /** Loads models when the server starts, as many as fit; else on first use. */
  readonly preload: boolean;
  /** Called when a model was loaded, could not be, or was unloaded. */
  readonly onEvent: (event: PoolEvent) => void;
}

export type PoolEvent =
  | { readonly type: 'loaded'; readonly id: string; readonly seconds: number }
  | { readonly type: 'unloaded'; readonly id: string }
  | { readonly type: 'failed'; readonly id: string; readonly error: unknown };

/** A place in the pool. */
interface Slot {
  /** Described anew by each load: the file may have been replaced. */
  served: ServedModel;
  readonly source: string | Model;
  /** Null: neither loaded nor being loaded. */
  loading: Promise<Model> | null;
  /** Null: not loaded. */
  model: Model | null;
  /** Requests that use it. */
  users: number;
  lastUsed: number;
  /** It makes room for another model: requests that come now wait until that one is loaded. */
  retiring: boolean;
}

/**
 * The models of a server. Each is opened once at the start, to check it and to know its context, then loaded on first use; when
 * the next one does not fit into the memory for models, those that have not been used longest are unloaded, once their requests
 * are done.
 */
export class ModelPool {
  readonly #slots = new Map<string, Slot>();
  readonly #options: PoolOptions;
  /** Loads wait for one another, so that room made for one model is not taken by the next. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;
  #waiters: (() => void)[] = [];

  private constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * @throws LongEmbedError what loading throws; ERR_STRATEGY_UNSUPPORTED; ERR_OUT_OF_MEMORY for a model that is larger than all
   *   memory for models
   */
  static async open(entries: readonly ModelEntry[], options: PoolOptions): Promise<ModelPool> {
    const pool = new ModelPool(options);
    try {
      for (const entry of entries) await pool.#open(entry);
    } catch (error) {
      await pool.dispose();
      throw error;
    }
    return pool;
  }

  /** In the order in which they were given. */
  get models(): ServedModel[] {
    return [...this.#slots.values()].map(({ served }) => served);
  }

  get(id: string): ServedModel | undefined {
    return this.#slots.get(id)?.served;
  }

  /** The model, if it is loaded. */
  loaded(id: string): Model | null {
    return this.#slots.get(id)?.model ?? null;
  }

  /**
   * Runs `work` on the model, which is loaded first if it is not, and stays loaded meanwhile.
   * @param served as `get` gave it: the request's settings were made for it
   */
  async use<T>(served: ServedModel, signal: AbortSignal, work: (model: Model) => Promise<T>): Promise<T> {
    const { id } = served;
    const slot = this.#slots.get(id);
    if (slot === undefined) throw new RangeError(`the pool has no model ${id}`);
    while (slot.retiring) await this.#changed(signal);
    slot.users++;
    slot.lastUsed = performance.now();
    let model: Model | null = null;
    try {
      model = await untilAborted(this.#load(slot), signal, CLIENT_GONE);
      if (!isSameForRequests(slot.served, served)) throw replaced(id);
      return await work(model);
    } catch (error) {
      if (model === null || typeof slot.source !== 'string' || !hasLostFile(error)) throw error;
      await this.#drop(slot, model);
      throw replaced(id, error);
    } finally {
      slot.users--;
      slot.lastUsed = performance.now();
      this.#wake();
    }
  }

  /** Unloads all models; what uses them ends with ERR_DISPOSED. */
  async dispose(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await Promise.all([...this.#slots.values()].map((slot) => this.#unload(slot)));
  }

  async #open({ id, source }: ModelEntry): Promise<void> {
    const { load, loadOptions, preload, maxMemoryBytes } = this.#options;
    if (typeof source !== 'string') {
      this.#add(id, source, source.info, source);
      return;
    }
    // The weights are only mapped, not read, and nothing goes to a GPU.
    const sketch: LoadOptions = {
      ...loadOptions,
      backend: 'cpu',
      gpuLayers: undefined,
      mmap: true,
      repack: false,
    };
    const model = await load(source, preload ? loadOptions : { ...sketch, precision: undefined });
    try {
      const { sizeBytes } = model.info;
      if (sizeBytes > maxMemoryBytes) {
        throw new LongEmbedError(
          'ERR_OUT_OF_MEMORY',
          `The model ${id} takes ${formatBytes(sizeBytes)}, more than the ${formatBytes(maxMemoryBytes)} for models.`,
        );
      }
      const keep = preload && this.#loadedBytes() + sizeBytes <= maxMemoryBytes;
      this.#add(id, source, model.info, keep ? model : null);
      if (!keep) await model.dispose();
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  #add(id: string, source: string | Model, info: ServedModel['info'], model: Model | null): void {
    const served = this.#describe(id, info);
    const loading = model === null ? null : Promise.resolve(model);
    this.#slots.set(id, { served, source, loading, model, users: 0, lastUsed: 0, retiring: false });
  }

  #describe(id: string, info: ServedModel['info']): ServedModel {
    const { maxTokens: cap = Infinity } = this.#options;
    const extend = this.#resolveExtend(id, info);
    return { id, info, extend, maxTokens: Math.min(extend.limit, cap), cap };
  }

  #resolveExtend(id: string, info: ServedModel['info']): ResolvedExtend {
    try {
      return resolveExtend(this.#options.extend, info);
    } catch (error) {
      if (!(error instanceof LongEmbedError)) throw error;
      // one of several models may not take what the others do
      throw new LongEmbedError(error.code, `The model ${id}: ${error.message}`, { cause: error });
    }
  }

  #load(slot: Slot): Promise<Model> {
    if (this.#closed)
      return Promise.reject(new LongEmbedError('ERR_DISPOSED', 'The server is shutting down.'));
    slot.loading ??= this.#queueLoad(slot);
    return slot.loading;
  }

  #queueLoad(slot: Slot): Promise<Model> {
    const { id } = slot.served;
    const loading = this.#turn
      .then(() => this.#loadNow(slot))
      .catch((cause: unknown) => {
        // the next request tries again
        slot.loading = null;
        this.#options.onEvent({ type: 'failed', id, error: cause });
        throw new ApiError(503, `The model ${id} could not be loaded: the server's log says more.`, {
          code: 'model_unavailable',
          param: 'model',
          // a process that was killed may be spared the next time; a file does not mend itself
          retryable: cause instanceof LongEmbedError && cause.code === 'ERR_BACKEND',
          cause,
        });
      });
    this.#turn = loading.catch(() => undefined);
    return loading;
  }

  async #loadNow(slot: Slot): Promise<Model> {
    const { id } = slot.served;
    await this.#makeRoom(slot);
    const started = performance.now();
    const model = await this.#options.load(slot.source as string, this.#options.loadOptions);
    if (this.#closed) await model.dispose();
    try {
      slot.served = this.#describe(id, model.info);
    } catch (error) {
      await model.dispose();
      throw error;
    }
    slot.model = model;
    this.#options.onEvent({ type: 'loaded', id, seconds: (performance.now() - started) / 1000 });
    return model;
  }

  /** Gives up a model that can no longer work: the next request loads it anew. */
  async #drop(slot: Slot, model: Model): Promise<void> {
    // another request that failed with it may have been faster
    if (slot.model !== model) return;
    slot.loading = null;
    slot.model = null;
    await model.dispose();
    this.#options.onEvent({ type: 'unloaded', id: slot.served.id });
  }

  async #makeRoom(forSlot: Slot): Promise<void> {
    const needed = forSlot.served.info.sizeBytes;
    while (this.#loadedBytes(forSlot) + needed > this.#options.maxMemoryBytes) {
      const [oldest] = [...this.#slots.values()]
        .filter((slot) => slot !== forSlot && slot.model !== null && typeof slot.source === 'string')
        .sort((a, b) => a.lastUsed - b.lastUsed);
      if (oldest === undefined) return;
      oldest.retiring = true;
      try {
        while (oldest.users > 0 && !this.#closed) await this.#changed();
        await this.#unload(oldest);
      } finally {
        oldest.retiring = false;
        this.#wake();
      }
      this.#options.onEvent({ type: 'unloaded', id: oldest.served.id });
    }
  }

  async #unload(slot: Slot): Promise<void> {
    const { loading, source } = slot;
    slot.loading = null;
    slot.model = null;
    if (typeof source !== 'string' || loading === null) return;
    await loading.then(
      (model) => model.dispose(),
      () => undefined,
    );
  }

  #loadedBytes(except?: Slot): number {
    return [...this.#slots.values()]
      .filter((slot) => slot !== except && slot.model !== null && typeof slot.source === 'string')
      .reduce((sum, { served }) => sum + served.info.sizeBytes, 0);
  }

  /** Resolves when a request has ended or a model was unloaded. */
  #changed(signal?: AbortSignal): Promise<void> {
    const change = new Promise<void>((resolve) => this.#waiters.push(resolve));
    return signal === undefined ? change : untilAborted(change, signal, CLIENT_GONE);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

/** Whether a model that was loaded works no more because its file is another or gone: only loading it anew helps. */
function hasLostFile(error: unknown): boolean {
  const code = error instanceof ApiError || error instanceof LongEmbedError ? error.code : '';
  return code === 'ERR_MODEL_INVALID' || code === 'ERR_MODEL_NOT_FOUND';
}

function replaced(id: string, cause?: unknown): ApiError {
  return new ApiError(
    503,
    `The file of the model ${id} has changed: it is loaded anew. Another try may succeed.`,
    {
      code: 'model_unavailable',
      param: 'model',
      retryAfter: 1,
      cause,
    },
  );
}
