import { display, LongEmbedError } from '../error.js';
import { omit } from '../omit.js';
import { abandon, addon, type NativeJob, startJob } from '../native/index.js';
import type { NativeModel } from '../native/types.js';
import { locateModel } from '../locate-model.js';
import { DEFAULT_MODEL } from '../package.js';
import { checkWellFormed, HuggingFaceTokenizer, modelTokenizer } from '../tokenize/index.js';
import { listenForAbort, throwIfAborted } from '../abort.js';
import { readChunkInput } from './chunks/input.js';
import { checkChunkable, prepareChunks } from './chunks/prepare.js';
import { checkChunkRule } from './chunks/rule.js';
import type {
  ChunkEmbeddings,
  ChunkInput,
  EmbedChunksOptions,
  ManyChunkInput,
  ManyChunksResult,
} from './chunks/types.js';
import { BatchQueue } from './batch-queue.js';
import { configure } from './configure.js';
import { countTokens, prepareDocument } from './document.js';
import { EmbedRun, type Reader } from './embed-run.js';
import { type Engine, Operations, PromptTokens, Warnings } from './engine.js';
import { describeModel } from './info.js';
import { readId, readInput, readManyInput, type DocumentInput, Source } from './input.js';
import { checkPath, loadNative } from './load.js';
import { memoryFor } from './memory.js';
import {
  checkCountOptions,
  checkEmbedChunksOptions,
  checkEmbedManyOptions,
  checkEmbedOptions,
  checkLoadOptions,
  checkMemoryOptions,
  resolveCountOptions,
  resolveEmbedOptions,
} from './options.js';
import type {
  CountOptions,
  Embedding,
  EmbedManyOptions,
  EmbedOptions,
  LoadOptions,
  ManyInput,
  ManyResult,
  MemoryEstimate,
  MemoryOptions,
  ModelInfo,
  Origin,
  TokenCount,
  TokenInput,
  Device,
  Workload,
} from './types.js';

/** `embed` reads its input at the call, before the caller can change it. */
const ONE: Reader = {
  prepare: (input, ...rest) => prepareDocument(input as DocumentInput, ...rest),
  id: () => undefined,
};
const MANY: Reader = {
  prepare: (input, ...rest) => prepareDocument(readManyInput(input), ...rest),
  id: readId,
};

/**
 * Makes a model of a loaded file; the model disposes of `native` from then on, also when this fails. Not public:
 * tests use it to substitute the native side.
 */
export let createModel: (path: string, native: NativeModel, options: LoadOptions) => Promise<EmbeddingModel>;

/**
 * An embedding model in memory. All work runs off the main thread. Calls may overlap: they share batches, so that many calls at a
 * time are as fast as one of `embedMany`, and short texts pass long ones: a query does not wait for a document (docs/engine.md).
 * Several models may be loaded at once, also in worker threads.
 * @example
 * await using model = await EmbeddingModel.load('e5-base-v2-q8_0.gguf');
 * const { embedding } = await model.embed(contract, { extend: 'pcw:16k' });
 */
export class EmbeddingModel implements AsyncDisposable {
  /** The model's description: its shape, the settings in use and their sources, the strategies it supports. */
  readonly info: ModelInfo;
  readonly #engine: Engine;
  #disposal: Promise<void> | null = null;

  private constructor(engine: Engine, info: ModelInfo) {
    this.#engine = engine;
    this.info = info;
  }

  static {
    createModel = async (path, native, options) => {
      try {
        const settings = configure(native.facts, options);
        const tokenizer =
          options.tokenizer === undefined
            ? modelTokenizer(native)
            : await HuggingFaceTokenizer.load(options.tokenizer, native.facts.vocabularySize, path);
        const model = new EmbeddingModel(
          {
            native,
            tokenizer,
            settings,
            promptTokens: new PromptTokens(tokenizer),
            operations: new Operations(),
            batches: new BatchQueue(native),
            warnings: new Warnings(options.onWarning),
          },
          describeModel(path, native.facts, settings, options),
        );
        if (options.signal?.aborted === true) await model.dispose();
        throwIfAborted(options.signal);
        for (const warning of model.info.warnings) model.#engine.warnings.tell(warning, 'LONGEMBED_MODEL');
        return model;
      } catch (error) {
        await native.dispose();
        throw error;
      }
    };
  }

  /**
   * Loads a GGUF file.
   * @param path of the file, or its file: URL; of its first part if the model is split; or the name of a small shipped model:
   *   "mini-rope" (default), "mini-ape", "mini-causal"; or of one on the Hugging Face hub, "hf:org/repo[/file.gguf][@revision]",
   *   which is downloaded if Hugging Face's cache does not have it (docs/models.md)
   * @param options see `LoadOptions`
   * @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED, ERR_OUT_OF_MEMORY,
   *   ERR_BACKEND, ERR_INVALID_OPTION, ERR_TOKENIZER (the option tokenizer), ERR_ABORTED
   * @example
   * const model = await EmbeddingModel.load('model.gguf', { pooling: 'last', nativeContext: 4096 });
   */
  static async load(path: string | URL = DEFAULT_MODEL, options?: LoadOptions): Promise<EmbeddingModel> {
    const checked = checkLoadOptions(options);
    const { signal, onDownload, onWarning } = checked;
    const file = await locateModel(checkPath(path), { signal, onDownload, onWarning });
    return createModel(file, await loadNative(file, checked), checked);
  }

  /**
   * The token ids of a text: content only, without prompt and special tokens. Text that reads like a special token
   * ("[SEP]") is plain text.
   * @throws LongEmbedError ERR_TOKENIZER when the text contains a lone surrogate; ERR_INVALID_OPTION, ERR_DISPOSED
   */
  async tokenize(text: string): Promise<Int32Array> {
    const { operations, tokenizer } = this.#engine;
    operations.check();
    if (typeof text !== 'string') {
      throw new LongEmbedError('ERR_INVALID_OPTION', `The text is ${display(text)}: it must be a string.`);
    }
    checkWellFormed(text, 'The text');
    return operations.wait(tokenizer.tokenize(text));
  }

  /**
   * How long a document is, as `embed` would take it, without embedding it and without waiting for other calls: to refuse at once
   * what is too long, or to say what there is to do.
   * @param input its text, or its content token ids
   * @throws LongEmbedError as `embed`, but not for a text that is too long: compare `tokens` with `limit`
   * @example
   * const { tokens, limit } = await model.countTokens(text, { extend: 'pcw:16k' });
   * if (tokens > limit) return reply(413, `${tokens} tokens; at most ${limit}`);
   */
  async countTokens(input: string | TokenInput, options?: CountOptions): Promise<TokenCount> {
    const { operations, settings: model } = this.#engine;
    operations.check();
    const document = readInput(input);
    const { signal, ...others } = checkCountOptions(options);
    const { prompt, limit } = resolveCountOptions(others, model);
    let stop = (_reason: LongEmbedError): void => undefined;
    const stopped = new Promise<never>((_resolve, reject) => {
      stop = reject;
    });
    const jobs = new Set<NativeJob<unknown>>();
    const stopListening = listenForAbort(signal, (error) => {
      for (const job of jobs) abandon(job);
      stop(error);
    });
    try {
      const counted = countTokens(document, this.#engine, { prompt, limit }, (job) => {
        jobs.add(job);
        return operations.wait(job).finally(() => jobs.delete(job));
      });
      return await Promise.race([counted, stopped]);
    } finally {
      stopListening();
    }
  }

  /** What the model has to do now. */
  get workload(): Workload {
    return this.#engine.batches.workload;
  }

  /**
   * Embeds one document.
   * @param input its text, or its content token ids (prompt and special tokens are added either way)
   * @param options see `EmbedOptions`
   * @throws LongEmbedError ERR_INPUT_EMPTY, ERR_INPUT_TOO_LONG, ERR_TOKENIZER, ERR_INVALID_OPTION, ERR_STRATEGY_UNSUPPORTED,
   *   ERR_OUT_OF_MEMORY, ERR_BACKEND, ERR_ABORTED, ERR_DISPOSED; what onProgress throws
   * @example
   * const query = await model.embed('who may terminate the lease?', { as: 'query' });
   * const document = await model.embed(lease, { extend: 'pcw:32k', signal: AbortSignal.timeout(60_000) });
   */
  async embed(input: string | TokenInput, options?: EmbedOptions): Promise<Embedding> {
    const run = this.#run([readInput(input)], checkEmbedOptions(options), ONE);
    return omit((await only(run)) as Origin & Embedding, 'index', 'id');
  }

  /**
   * Embeds many documents, as fast as the model goes: windows of several documents share a forward pass, and the next
   * documents are tokenized meanwhile. Results come in input order. Inputs are read only a little ahead of the results
   * that you take. A document that fails gives `{ index, id, error }`, and the others go on.
   * @param inputs texts, token ids, or objects with an `id`; an iterable or async iterable
   * @param options see `EmbedManyOptions`
   * @throws LongEmbedError at once: ERR_INVALID_OPTION, ERR_STRATEGY_UNSUPPORTED, ERR_DISPOSED. While iterating: ERR_ABORTED,
   *   ERR_DISPOSED, and what `inputs` throws, after the results of what was read before
   * @example
   * for await (const result of model.embedMany(documents, { extend: 'pcw:16k' })) {
   *   if ('error' in result) console.error(`${result.id}: ${result.error.message}`);
   *   else index.add(result.id, result.embedding);
   * }
   */
  embedMany(
    inputs: Iterable<ManyInput> | AsyncIterable<ManyInput>,
    options?: EmbedManyOptions,
  ): AsyncIterableIterator<ManyResult, undefined> {
    return this.#run(inputs, checkEmbedManyOptions(options), MANY) as AsyncIterableIterator<
      ManyResult,
      undefined
    >;
  }

  /**
   * Embeds the chunks of one document with the whole document in view ("late chunking", arXiv 2409.04701): one pass over the
   * document with any strategy; a chunk's vector is the mean of its tokens' vectors or, with models that pool the last token, the vector
   * of its last token. Documents past the target are computed in windows of the target's length (pcw: of the native context's) that
   * overlap; each token's vector then comes from the window in which it has the most context before it.
   * @param document a text, which the option `chunks` cuts; its chunks; or a text and spans in it: see `ChunkInput`
   * @param options see `EmbedChunksOptions`
   * @throws LongEmbedError as `embed`, but never for a text that is too long; ERR_INVALID_OPTION for models that pool the first
   *   token (cls), unless `pooling` asks for another way; ERR_ARCHITECTURE_UNSUPPORTED when llama.cpp's context runs the model
   * @example
   * const { chunks } = await model.embedChunks(contract, { extend: 'gp:4k', chunks: 'paragraphs' });
   * const [best] = chunks.map(({ start, end, embedding }) => ({ score: dot(query, embedding), start, end })).sort((a, b) => b.score - a.score);
   */
  async embedChunks(document: ChunkInput, options?: EmbedChunksOptions): Promise<ChunkEmbeddings> {
    const input = readChunkInput(document);
    const run = this.#runChunks([input], options, (given) => given as ReturnType<typeof readChunkInput>);
    return omit(await only(run), 'index', 'id');
  }

  /**
   * The chunks of many documents, as `embedMany`: results in input order, and a document that fails gives
   * `{ index, id, error }`.
   * @param inputs documents as for `embedChunks`, or objects with an `id`; an iterable or async iterable
   * @param options see `EmbedChunksOptions`
   */
  embedManyChunks(
    inputs: Iterable<ManyChunkInput> | AsyncIterable<ManyChunkInput>,
    options?: EmbedChunksOptions,
  ): AsyncIterableIterator<ManyChunksResult, undefined> {
    return this.#runChunks(inputs, options, readChunkInput);
  }

  /**
   * The memory that embedding a document takes, before it is embedded: what must be allocated, and the peak of the
   * process. Waits for calls that came before.
   * @param options the document's length, and the options for embedding it
   * @throws LongEmbedError ERR_INPUT_TOO_LONG, ERR_INVALID_OPTION, ERR_STRATEGY_UNSUPPORTED, ERR_DISPOSED
   * @example
   * const { peak, fits } = await model.memory({ tokens: 32768, extend: 'ntk:32k' });
   */
  async memory(options: MemoryOptions): Promise<MemoryEstimate> {
    const { operations, settings: model } = this.#engine;
    operations.check();
    const { tokens, ...others } = checkMemoryOptions(options);
    return memoryFor(tokens, this.#engine, resolveEmbedOptions(others, model));
  }

  /** Ends running calls with ERR_DISPOSED and frees the memory. Later calls throw ERR_DISPOSED; disposing again is allowed. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #run(inputs: unknown, options: EmbedManyOptions, reader: Reader): EmbedRun {
    const { operations, settings: model, warnings } = this.#engine;
    operations.check();
    const settings = resolveEmbedOptions(options, model);
    for (const warning of settings.extend.warnings) warnings.tell(warning);
    return new EmbedRun(this.#engine, settings, new Source(inputs), reader);
  }

  #runChunks(
    inputs: unknown,
    options: EmbedChunksOptions | undefined,
    read: typeof readChunkInput,
  ): AsyncIterableIterator<ManyChunksResult, undefined> {
    const { chunks, ...others } = checkEmbedChunksOptions(options);
    const rule = checkChunkRule(chunks);
    checkChunkable(this.info, others.pooling);
    const reader: Reader = {
      prepare: (input, ...rest) => prepareChunks(read(input), rule, ...rest),
      id: readId,
    };
    return this.#run(inputs, others, reader) as AsyncIterableIterator<ManyChunksResult, undefined>;
  }

  async #dispose(): Promise<void> {
    const { operations, tokenizer, native } = this.#engine;
    operations.close();
    const freed = startJob(() => ({ promise: native.dispose(), cancel: () => undefined }));
    await Promise.all([tokenizer.dispose(), freed.promise]);
  }
}

/** The one result of a run. A call that fails does not wait until the native side has noticed. */
async function only<T extends Origin>(
  run: AsyncIterator<T | (Origin & { error: LongEmbedError }), undefined>,
): Promise<T> {
  const { value: result } = await run.next();
  void run.return?.();
  if (result === undefined) throw new LongEmbedError('ERR_BACKEND', 'The document produced no result.');
  if ('error' in result) throw result.error;
  return result;
}

/**
 * The devices that models can run on here: the CPU, and the GPUs whose backend is installed.
 * @throws LongEmbedError ERR_BACKEND when the native part is missing
 */
export function devices(): Device[] {
  return addon().devices();
}
