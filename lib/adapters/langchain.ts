/// <reference lib="esnext.disposable" preserve="true" />
/** longembed/langchain: embeddings for LangChain.js. It needs @langchain/core, as every integration does. */
import { Embeddings, type EmbeddingsParams } from '@langchain/core/embeddings';
import { type EmbedManyOptions, EmbeddingModel, LongEmbedError, type LoadOptions } from '../index.js';
import { display } from '../error.js';
import { omit } from '../omit.js';
import { checkLoadedModel } from './loaded-model.js';

/** How texts are embedded: documents and queries alike. Their prompts are the model's. */
export type LongEmbedEmbeddingsOptions = Pick<
  EmbedManyOptions,
  'extend' | 'pooling' | 'normalize' | 'dimensions' | 'truncate' | 'maxTokens' | 'batchTokens'
>;

/** What LangChain's own calls of `caller` read; this class makes none. */
type CallerParams = Pick<EmbeddingsParams, 'maxConcurrency' | 'maxRetries' | 'onFailedAttempt'>;

/** Fields of `new LongEmbedEmbeddings`. */
export interface LongEmbedEmbeddingsFields extends LongEmbedEmbeddingsOptions, CallerParams {
  /** A loaded model, which several of these may share. It stays the caller's to dispose of. */
  model: EmbeddingModel;
}

/** Fields of `LongEmbedEmbeddings.load`. */
export interface LongEmbedEmbeddingsLoadFields extends LongEmbedEmbeddingsOptions, CallerParams {
  /** What `EmbeddingModel.load` takes: a path, a shipped model's name, or hf:org/repo/file.gguf. */
  model: string;
  /** How it is loaded. */
  load?: LoadOptions | undefined;
}

/** LangChain tries an error again, six times, unless it says that this is in vain. */
const RETRYABLE = Symbol.for('langchain.errors.retryable');

/**
 * Embeddings by a model in this process: documents of any length that the strategy takes, without a server.
 * @example
 * await using embeddings = await LongEmbedEmbeddings.load({ model: 'e5-base-v2-q8_0.gguf', extend: 'pcw:4k' });
 * const store = await MemoryVectorStore.fromTexts(contracts, metadata, embeddings);
 */
export class LongEmbedEmbeddings extends Embeddings implements AsyncDisposable {
  /** The model in use. */
  readonly model: EmbeddingModel;
  readonly #options: LongEmbedEmbeddingsOptions;
  readonly #owns: boolean;

  /**
   * @param fields see `LongEmbedEmbeddingsFields`
   * @throws LongEmbedError ERR_INVALID_OPTION when the fields are no object, or the model is not a loaded one
   */
  constructor(fields: LongEmbedEmbeddingsFields, owns = false) {
    const { model, maxConcurrency, maxRetries = 0, onFailedAttempt, ...options } = checkFields(fields);
    super({
      maxRetries,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(onFailedAttempt === undefined ? {} : { onFailedAttempt }),
    });
    this.model = checkLoadedModel(model, 'LongEmbedEmbeddings.load');
    this.#options = options;
    this.#owns = owns;
  }

  /**
   * Loads a model, which `await using` or `dispose` frees.
   * @throws LongEmbedError as `EmbeddingModel.load`
   */
  static async load(fields: LongEmbedEmbeddingsLoadFields): Promise<LongEmbedEmbeddings> {
    const { model, load, ...options } = checkFields(fields);
    return new LongEmbedEmbeddings({ ...options, model: await EmbeddingModel.load(model, load) }, true);
  }

  /**
   * The vectors of documents, in order.
   * @throws LongEmbedError of the first document that fails, its number in the message
   */
  async embedDocuments(documents: string[]): Promise<number[][]> {
    const vectors: number[][] = [];
    try {
      for await (const result of this.model.embedMany(documents, { ...this.#options, as: 'document' })) {
        if ('error' in result) throw ofDocument(result.index, result.error);
        vectors.push([...result.embedding]);
      }
    } catch (error) {
      throw final(error);
    }
    return vectors;
  }

  /** The vector of a query, with the model's prompt for queries. @throws LongEmbedError as `EmbeddingModel.embed` */
  async embedQuery(document: string): Promise<number[]> {
    const options = omit(this.#options, 'batchTokens');
    try {
      return [...(await this.model.embed(document, { ...options, as: 'query' })).embedding];
    } catch (error) {
      throw final(error);
    }
  }

  /**
   * The vectors of a document's chunks, such as a text splitter gives: each is read with the whole document in view (late
   * chunking).
   * @throws LongEmbedError as `EmbeddingModel.embedChunks`
   */
  async embedChunks(chunks: string[]): Promise<number[][]> {
    const options = omit(this.#options, 'truncate');
    try {
      const result = await this.model.embedChunks(chunks, { ...options, as: 'document' });
      return result.chunks.map(({ embedding }) => [...embedding]);
    } catch (error) {
      throw final(error);
    }
  }

  /** Frees the model, if `load` loaded it. */
  async dispose(): Promise<void> {
    if (this.#owns) await this.model.dispose();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Other integrations of LangChain's take none. */
function checkFields<T extends object>(fields: T): T {
  if (typeof fields === 'object' && (fields as T | null) !== null) return fields;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The fields are ${display(fields)}: they must be an object with a model.`,
  );
}

function ofDocument(index: number, error: LongEmbedError): LongEmbedError {
  return new LongEmbedError(error.code, `Document ${index}: ${error.message}`, { cause: error });
}

/** What failed once fails again: nothing between here and the model is a network. */
function final(error: unknown): unknown {
  if (error instanceof Error) Object.defineProperty(error, RETRYABLE, { value: false });
  return error;
}
