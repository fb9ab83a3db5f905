/** The options of `createServer`, checked. */
import { totalmem } from 'node:os';
import { z } from 'zod';
import { callback, checkOptions, extend, flag, object, oneOf, whole } from '../lib/check-options.js';
import { display } from '../lib/error.js';
import { type Extend, LongEmbedError, type LoadOptions } from '../lib/index.js';
import type { Model } from './models/served-model.js';
import type { ListenOptions } from './types.js';

/** A request that was answered, for a log: nothing of what it said. */
export interface RequestRecord {
  /** What the answer's header x-request-id says. */
  id: string;
  method: string;
  /** The route, such as "/v1/embeddings"; "unknown": none. */
  endpoint: string;
  /** 499: the client hung up. */
  status: number;
  /** Of the error: "context_length_exceeded", "ERR_BACKEND", …; null: none. */
  code: string | null;
  /** The model's name; null: the request came to none. */
  model: string | null;
  inputs: number;
  /** Prompt and special tokens included; 0 for a request that was refused. */
  tokens: number;
  /** From the arrival to the answer. */
  milliseconds: number;
}

/** Options of `createServer`. */
export interface ServerOptions {
  /**
   * The models by the names that requests call them: what `EmbeddingModel.load` takes, or a loaded model, which stays the
   * caller's. The first is the one of APIs that name none.
   * @example { e5: 'e5-base-v2-q8_0.gguf', 'text-embedding-3-small': await EmbeddingModel.load() }
   */
  models: Readonly<Record<string, string | Model>>;
  /** How the models are loaded. Default: isolated in a process of their own, else as `EmbeddingModel.load`. */
  load?: LoadOptions | undefined;
  /** The strategy of requests that name none. Default `none`. */
  extend?: string | Extend | undefined;
  /**
   * Strategies that requests may name, beside that one; `any` (default). Vectors of different strategies do not belong into one
   * index, hence a server for several clients may allow one alone: `[]`.
   */
  allowExtend?: 'any' | readonly (string | Extend)[] | undefined;
  /** What texts are when a request does not say: their prompt depends on it. Default `document`. */
  as?: 'query' | 'document' | 'raw' | undefined;
  /** The longest input in tokens, prompt and special tokens included, whatever the strategy takes. */
  maxTokens?: number | undefined;
  /** Keys, one of which requests must have ("Authorization: Bearer KEY"). Default: none, everybody is let in. */
  apiKeys?: readonly string[] | undefined;
  /** Tokens that may wait or be computed at once; a request beyond that is answered with 429. Default 1,048,576. */
  maxQueueTokens?: number | undefined;
  /** Inputs of a request. Default 2048, as OpenAI's. */
  maxInputs?: number | undefined;
  /** Bytes of a request's body. Default 32 MiB. */
  maxBodyBytes?: number | undefined;
  /**
   * Bytes that the weights of loaded models may take together: those used longest ago are unloaded for others. Default: three
   * quarters of the machine's memory, or of the container's.
   */
  maxMemoryBytes?: number | undefined;
  /** Loads models at once, as many as fit. Default: if there is one. Otherwise a model is loaded by the first request for it. */
  preload?: boolean | undefined;
  /** Whether /metrics also has the figures of the whole process. Default `false`. */
  processMetrics?: boolean | undefined;
  /** Called after each request. */
  onRequest?: ((record: RequestRecord) => void) | undefined;
  /**
   * Called with clauses for the operator: models loaded and unloaded, failures. `details`, the cause of a failure, may name files
   * and repeat what the engine printed; null: none.
   */
  onMessage?: ((message: string, details: string | null) => void) | undefined;
}

const MAX_ALIAS = 200;
/** What a header can carry: other characters arrive as others. */
export const API_KEY = /^[!-~]+$/;
const API_KEYS = 'a string of printable ASCII without spaces';
/** Keys that an object sorts. */
const INTEGER_KEY = /^(?:0|[1-9]\d*)$/;

const OPTIONS = object({
  models: z.record(z.string(), z.unknown(), 'an object of names and models'),
  load: z.looseObject({}, 'an object').optional(),
  extend: extend.optional(),
  allowExtend: z.union([z.literal('any'), z.array(extend)], '"any" or an array of strategies').optional(),
  as: oneOf('query', 'document', 'raw'),
  maxTokens: whole(1),
  apiKeys: z.array(z.string(API_KEYS).regex(API_KEY, API_KEYS), `an array, each ${API_KEYS}`).optional(),
  maxQueueTokens: whole(1),
  maxInputs: whole(1),
  maxBodyBytes: whole(1),
  maxMemoryBytes: whole(1),
  preload: flag,
  processMetrics: flag,
  onRequest: callback<RequestRecord>(),
  onMessage: callback<string>(),
});

/** @throws LongEmbedError ERR_INVALID_OPTION */
export function checkServerOptions(given: unknown): ServerOptions {
  const options = checkOptions(OPTIONS as unknown as z.ZodType<ServerOptions>, given);
  const entries = Object.entries(options.models);
  // the check of the options leaves it out, as objects treat it unlike other keys
  if (Object.hasOwn((given as ServerOptions).models, '__proto__')) {
    throw invalid('The model name "__proto__" cannot be used: take another one.');
  }
  if (entries.length === 0) throw invalid('The option models is empty: name at least one model.');
  for (const [id, model] of entries) {
    if (!/^[\w.:/@+-]+$/.test(id) || id.length > MAX_ALIAS) {
      throw invalid(
        `The model name ${display(id)} cannot be used: take letters, digits and any of . _ : / @ + -`,
      );
    }
    if (entries.length > 1 && INTEGER_KEY.test(id)) {
      throw invalid(
        `The model name ${display(id)} cannot be used beside others: objects put numbers before other keys, so that the first model ` +
          'would not be the one that was given first. Add a letter.',
      );
    }
    if (typeof model !== 'string' && typeof (model as Partial<Model> | null)?.embedMany !== 'function') {
      throw invalid(
        `The model ${id} is ${display(model)}: it must be a path or name, or a loaded EmbeddingModel.`,
      );
    }
  }
  return options;
}

const HOST = 'an address or the name of a host';
const PORT = 'a whole number from 0 to 65535';

// Node takes an empty host for all addresses of the machine, and a port that is no number for the path of a socket.
const LISTEN = object({
  host: z.string(HOST).min(1, HOST).optional(),
  port: z.custom<number | string>(isPort, PORT).optional(),
});

function isPort(value: unknown): boolean {
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 65_535;
}

/** @throws LongEmbedError ERR_INVALID_OPTION */
export function checkListenOptions(given: unknown): ListenOptions {
  return checkOptions(LISTEN, given);
}

/** Bytes for models where the operator names none. */
export function defaultMemoryBytes(): number {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return Math.floor(0.75 * total);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
