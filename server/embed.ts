/** What routes compute: the vectors of inputs, or of the chunks of documents, from a model of the pool. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChunkRule, ManyChunkInput } from '../lib/index.js';
import { type ApiError, toApiError } from './api-error.js';
import { checkText, type Input, prepareInputs, type Prepared, tooLong } from './inputs.js';
import type { Model, ServedModel } from './models/served-model.js';
import type { Exchange } from './exchange.js';
import type { Settings } from './settings.js';

export interface EmbeddedInput {
  readonly embedding: Float32Array;
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
}

/** A document in chunks, for the library; `texts` are checked before and their tokens counted. */
export interface ChunkedInput {
  readonly document: ManyChunkInput;
  readonly texts: readonly string[];
}

export interface EmbeddedChunks {
  readonly chunks: readonly {
    readonly embedding: Float32Array;
    readonly start: number;
    readonly end: number;
  }[];
  readonly tokens: number;
  readonly windows: number;
}

/**
 * The vectors of all inputs, in order.
 * @throws ApiError for the first input that fails: a request succeeds or fails as a whole
 */
export function embedInputs(
  exchange: Exchange,
  served: ServedModel,
  inputs: readonly Input[],
  settings: Settings,
): Promise<EmbeddedInput[]> {
  return exchange.withModel(served, async (model) => {
    const prepared = await exchange.timed('tokenize', () =>
      prepareInputs(inputs, model, settings, exchange.signal),
    );
    const { extend, prompt, normalize, dimensions, truncate, limit } = settings;
    return exchange.admitted(sum(prepared), () =>
      collect(
        model.embedMany(
          prepared.map(({ input }) => input),
          {
            extend: extend.spec,
            prompt,
            normalize,
            dimensions,
            truncate,
            maxTokens: limit,
            signal: exchange.signal,
          },
        ),
        (error) => failure(error, model, settings),
      ),
    );
  });
}

/** The vectors of the chunks of documents, each document read as a whole. @throws ApiError as `embedInputs` */
export function embedChunks(
  exchange: Exchange,
  served: ServedModel,
  documents: readonly ChunkedInput[],
  rule: ChunkRule | undefined,
  { extend, prompt, normalize, dimensions }: Settings,
): Promise<EmbeddedChunks[]> {
  return exchange.withModel(served, async (model) => {
    const tokens = await exchange.timed('tokenize', () => countTokens(model, documents));
    return exchange.admitted(tokens, () =>
      collect(
        model.embedManyChunks(
          documents.map(({ document }) => document),
          {
            extend: extend.spec,
            prompt,
            normalize,
            dimensions,
            signal: exchange.signal,
            ...(rule === undefined ? {} : { chunks: rule }),
          },
        ),
        toApiError,
      ),
    );
  });
}

function sum(prepared: readonly Prepared[]): number {
  return prepared.reduce((total, { tokens }) => total + tokens, 0);
}

async function countTokens(model: Model, documents: readonly ChunkedInput[]): Promise<number> {
  let total = 0;
  for (const [d, { texts, document }] of documents.entries()) {
    for (const [t, text] of texts.entries()) {
      checkText(text, texts.length === 1 ? `Input ${d}` : `Chunk ${t} of input ${d}`);
      total += (await model.tokenize(text)).length;
    }
    if (typeof document === 'object' && 'tokens' in document) total += document.tokens.length;
  }
  return total;
}

/** A result that is none. */
interface Failed {
  readonly error: unknown;
}

/** Takes all results, or stops the work at the first failure. */
async function collect<Result extends object>(
  run: AsyncIterable<Result>,
  failed: (error: unknown) => ApiError,
): Promise<Exclude<Result, Failed>[]> {
  const results: Exclude<Result, Failed>[] = [];
  for await (const result of run) {
    if ('error' in result) throw failed(result.error);
    results.push(result as Exclude<Result, Failed>);
    // many short texts are done at once: others want their turn on this thread
    if (results.length % 64 === 0) await nextTurn();
  }
  return results;
}

/** A text so long that only the library knew: its error is put into the words that clients look for. */
function failure(error: unknown, model: Model, settings: Settings): ApiError {
  const known = toApiError(error);
  const tokens = /(\d+) tokens/.exec(known.message);
  if (known.code !== 'context_length_exceeded' || tokens === null) return known;
  return tooLong(Number(tokens[1]), 'The input', model, settings);
}
