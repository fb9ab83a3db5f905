/// <reference lib="esnext.disposable" preserve="true" />
/**
 * longembed/ai-sdk: embedding models for the AI SDK (`ai` 6 and 7; specification v3 of its providers). The SDK's types are
 * written down here by their shape, so that this needs none of its packages.
 */
import { z } from 'zod';
import { throwIfAborted, untilAborted } from '../abort.js';
import { checkOptions, flag, object, oneOf, text, whole } from '../check-options.js';
import { display } from '../error.js';
import { EmbeddingModel, LongEmbedError, type LoadOptions } from '../index.js';
import { checkLoadedModel, isLoadedModel } from './loaded-model.js';

/** Settings of a model, and of a call under `providerOptions.longembed`, which take precedence. */
export interface LongEmbedSettings {
  /** A spec string, `method[:target][,key=value]…`: how to go past the native context. */
  extend?: string | undefined;
  /** What the values are: their prompt depends on it. Default `document`. */
  as?: 'query' | 'document' | 'raw' | undefined;
  /** A custom prompt; takes precedence over `as`. */
  prompt?: string | undefined;
  /** Cuts values that are too long instead of failing; a warning says how many were cut. */
  truncate?: boolean | undefined;
  /** The longest value in tokens. */
  maxTokens?: number | undefined;
  /** Keeps only the first numbers of a vector. */
  dimensions?: number | undefined;
}

/** Options of `createLongEmbed`. */
export interface LongEmbedProviderOptions {
  /**
   * The models by the names that `embeddingModel` calls them: what `EmbeddingModel.load` takes, or a loaded model, which stays
   * the caller's. Default: names are what `EmbeddingModel.load` takes.
   */
  models?: Readonly<Record<string, string | EmbeddingModel>> | undefined;
  /** How models are loaded, by the first call that needs them. */
  load?: LoadOptions | undefined;
}

type Json = null | string | number | boolean | Json[] | { [key: string]: Json | undefined };

/** What the SDK passes to a model. */
export interface EmbedCall {
  values: string[];
  abortSignal?: AbortSignal | undefined;
  /** Of ai 7. */
  dimensions?: number | undefined;
  providerOptions?: Record<string, unknown> | undefined;
  headers?: unknown;
}

/** What a model gives back. */
export interface EmbedAnswer {
  embeddings: number[][];
  usage: { tokens: number };
  providerMetadata: Record<string, { [key: string]: Json | undefined }>;
  warnings: { type: 'other'; message: string }[];
}

/** An embedding model as the SDK takes it (EmbeddingModelV3). */
export interface LongEmbedModel {
  readonly specificationVersion: 'v3';
  readonly provider: string;
  readonly modelId: string;
  /** Undefined: no limit, a call computes all values together. */
  readonly maxEmbeddingsPerCall: number | undefined;
  readonly supportsParallelCalls: boolean;
  doEmbed(call: EmbedCall): Promise<EmbedAnswer>;
}

/**
 * A provider as the SDK takes it (ProviderV3), for `createProviderRegistry` too. Its disposal frees the models that it loaded; calls
 * of its models then fail with ERR_DISPOSED.
 */
export interface LongEmbedProvider extends AsyncDisposable {
  readonly specificationVersion: 'v3';
  /** @throws LongEmbedError ERR_MODEL_NOT_FOUND for a name that `models` does not have, ERR_INVALID_OPTION for what is no name */
  embeddingModel(id: string, settings?: LongEmbedSettings): LongEmbedModel;
  textEmbeddingModel(id: string, settings?: LongEmbedSettings): LongEmbedModel;
  /** @throws LongEmbedError always: longembed has no such models */
  languageModel(id: string): never;
  imageModel(id: string): never;
}

const SETTINGS = object({
  extend: text,
  as: oneOf('query', 'document', 'raw'),
  prompt: text,
  truncate: flag,
  maxTokens: whole(1),
  dimensions: whole(1),
});

const PROVIDER = object({
  models: z
    .record(
      z.string(),
      z.custom<string | EmbeddingModel>(
        (value) => typeof value === 'string' || isLoadedModel(value),
        'what EmbeddingModel.load takes, or a loaded model',
      ),
      'an object of names and models',
    )
    .optional(),
  load: z.looseObject({}, 'an object').optional(),
});

/**
 * A provider of longembed's models. Models are loaded by the first call that needs them, once each.
 * @throws LongEmbedError ERR_INVALID_OPTION
 * @example
 * const longembed = createLongEmbed({ models: { e5: 'e5-base-v2-q8_0.gguf' } });
 * const documents = longembed.embeddingModel('e5', { extend: 'pcw:4k' });
 * const { embeddings } = await embedMany({ model: documents, values: contracts });
 */
export function createLongEmbed(options: LongEmbedProviderOptions = {}): LongEmbedProvider {
  const { models, load } = checkOptions(PROVIDER as z.ZodType<LongEmbedProviderOptions>, options);
  const loaded = new Map<string, Promise<EmbeddingModel>>();
  let isDisposed = false;

  const get = async (source: string | EmbeddingModel): Promise<EmbeddingModel> => {
    // a model that was loaded now would be freed by nobody
    if (isDisposed) throw disposed();
    if (typeof source !== 'string') return source;
    let model = loaded.get(source);
    if (model === undefined) {
      model = EmbeddingModel.load(source, load);
      // the next call tries again
      model.catch(() => loaded.delete(source));
      loaded.set(source, model);
    }
    return model;
  };

  const embeddingModel = (id: string, settings: LongEmbedSettings = {}): LongEmbedModel => {
    if (typeof id !== 'string') {
      throw new LongEmbedError('ERR_INVALID_OPTION', `The model is ${display(id)}: it must be its name.`);
    }
    const source = models === undefined ? id : Object.hasOwn(models, id) ? models[id] : undefined;
    if (source === undefined) {
      throw new LongEmbedError(
        'ERR_MODEL_NOT_FOUND',
        `There is no model ${JSON.stringify(id)}: the models of this provider are ${Object.keys(models ?? {}).join(', ')}.`,
      );
    }
    return sdkModel(id, () => get(source), settings);
  };

  return {
    specificationVersion: 'v3',
    embeddingModel,
    textEmbeddingModel: embeddingModel,
    languageModel: (id) => noSuch('language', id),
    imageModel: (id) => noSuch('image', id),
    [Symbol.asyncDispose]: async () => {
      isDisposed = true;
      const models = [...loaded.values()];
      loaded.clear();
      await Promise.all(models.map(async (model) => (await model.catch(() => null))?.dispose()));
    },
  };
}

/**
 * One model for the SDK, of a model that is loaded already.
 * @throws LongEmbedError ERR_INVALID_OPTION
 * @example const { embedding } = await embed({ model: embeddingModel(model, { as: 'query' }), value: question });
 */
export function embeddingModel(model: EmbeddingModel, settings: LongEmbedSettings = {}): LongEmbedModel {
  const loaded = checkLoadedModel(model, 'createLongEmbed');
  return sdkModel(loaded.info.name ?? 'model', () => Promise.resolve(loaded), settings);
}

function disposed(): LongEmbedError {
  return new LongEmbedError('ERR_DISPOSED', 'The provider is disposed: make another with createLongEmbed.');
}

function noSuch(kind: string, id: string): never {
  throw new LongEmbedError(
    'ERR_MODEL_NOT_FOUND',
    `There is no ${kind} model ${JSON.stringify(id)}: longembed has embedding models only.`,
  );
}

/** An object without private members: ai 7 calls its methods on a proxy. */
function sdkModel(
  modelId: string,
  load: () => Promise<EmbeddingModel>,
  given: LongEmbedSettings,
): LongEmbedModel {
  const settings = checkOptions<LongEmbedSettings>(SETTINGS, given);
  return {
    specificationVersion: 'v3',
    provider: 'longembed',
    modelId,
    maxEmbeddingsPerCall: undefined,
    // calls share the model, which computes one after the other
    supportsParallelCalls: false,
    doEmbed: async ({ values, abortSignal, dimensions, providerOptions }) => {
      const ofCall = checkOptions<LongEmbedSettings>(SETTINGS, providerOptions?.['longembed']);
      const ofSdk = dimensions === undefined ? {} : { dimensions };
      throwIfAborted(abortSignal);
      // A model that others may wait for goes on loading.
      const model = await (abortSignal === undefined ? load() : untilAborted(load(), abortSignal));
      return embedValues(model, values, { ...settings, ...ofSdk, ...ofCall }, abortSignal);
    },
  };
}

async function embedValues(
  model: EmbeddingModel,
  values: readonly string[],
  settings: LongEmbedSettings,
  signal: AbortSignal | undefined,
): Promise<EmbedAnswer> {
  const embeddings: number[][] = [];
  const [tokens, windows, truncated]: [number[], number[], boolean[]] = [[], [], []];
  for await (const result of model.embedMany(values, { ...settings, signal })) {
    if ('error' in result) throw ofValue(result.index, values.length, result.error);
    embeddings.push([...result.embedding]);
    tokens.push(result.tokens);
    windows.push(result.windows);
    truncated.push(result.truncated);
  }
  const cut = truncated.filter(Boolean).length;
  const warning = `${cut} of ${values.length} values were cut: they were too long.`;
  return {
    embeddings,
    usage: { tokens: tokens.reduce((sum, count) => sum + count, 0) },
    providerMetadata: { longembed: { tokens, windows, truncated, extend: settings.extend ?? 'none' } },
    warnings: cut === 0 ? [] : [{ type: 'other', message: warning }],
  };
}

/** The values of a call fail together: the error says which one is to blame. */
function ofValue(index: number, count: number, error: LongEmbedError): LongEmbedError {
  if (count === 1) return error;
  return new LongEmbedError(error.code, `Value ${index}: ${error.message}`, { cause: error });
}
