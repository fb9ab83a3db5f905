/** What routes compute: the vectors of inputs, or of the chunks of documents, from a model of the pool. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChunkRule } from '../lib/index.js';
import { ApiError, toApiError } from './api-error.js';
import { type ChunkedInput, countTokens } from './documents.js';
import { type Input, prepareInputs, type Prepared, tooLong } from './inputs.js';
import type { Model, ServedModel } from './models/served-model.js';
import type { Exchange } from './exchange.js';
import type { Settings } from './settings.js';

export interface EmbeddedInput {
  readonly embedding: Float32Array;
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
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
      prepareInputs(inputs, model, settings, served.cap, exchange.signal),
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
  settings: Settings,
): Promise<EmbeddedChunks[]> {
  const { extend, prompt, normalize, dimensions, truncate } = settings;
  if (truncate) throw neverCut();
  const { maxTokens } = exchange.services.admission;
  return exchange.withModel(served, async (model) => {
    const tokens = await exchange.timed('tokenize', () =>
      countTokens(documents, rule, model, { prompt, cap: served.cap, maxTokens }, exchange.signal),
    );
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

function neverCut(): ApiError {
  return new ApiError(
    400,
    'The fields truncate and truncate_prompt_tokens cut texts, and a document in chunks is never cut: leave them out.',
    { code: 'invalid_value', param: 'truncate' },
  );
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
