/** What the user says about a server, and how its models are named. */
import { createHash } from 'node:crypto';
import { LongEmbedError } from '../../lib/error.js';

/** How to reach a server that speaks OpenAI's API, and what it may cost. */
export interface RemoteOptions {
  /** Address up to and without `/embeddings`. null: OPENAI_BASE_URL, else OpenAI's. */
  readonly baseUrl: string | null;
  /** Name of the environment variable that holds the key. null: OPENAI_API_KEY, which may then be unset for other servers than OpenAI's. */
  readonly keyVariable: string | null;
  /** Price of a million tokens in the user's currency; null: unknown. */
  readonly pricePerMillion: number | null;
  /** The most that a run may cost in the same currency; null: no limit. */
  readonly maxCost: number | null;
}

export const NO_REMOTE_OPTIONS: RemoteOptions = {
  baseUrl: null,
  keyVariable: null,
  pricePerMillion: null,
  maxCost: null,
};

/** A server, with the key to it. */
export interface Server {
  /** Without a slash at its end, without user, password, query and fragment. */
  readonly baseUrl: string;
  /** null: requests carry none. */
  readonly key: string | null;
  /** The variable that the key is from, for messages. */
  readonly keyVariable: string;
}

const PREFIX = 'openai:';
const OPENAI = 'https://api.openai.com/v1';
const OPENAI_KEY = 'OPENAI_API_KEY';

/** Whether a model's name means one on a server: openai:text-embedding-ada-002. */
export function isRemote(model: string): boolean {
  return model.startsWith(PREFIX);
}

/** @returns the server's own name of a model: text-embedding-ada-002 */
export function remoteName(model: string): string {
  return model.slice(PREFIX.length);
}

/** Stands in results and in the cache's keys where a local model has the hash of its file. */
export function remoteSha256({ baseUrl }: Pick<Server, 'baseUrl'>, name: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['openai', baseUrl, name]))
    .digest('hex');
}

/**
 * The server that options and environment name.
 * @throws LongEmbedError ERR_INVALID_OPTION about the address, the key, or a price limit without a price
 */
export function findServer(options: RemoteOptions, env: NodeJS.ProcessEnv = process.env): Server {
  if (options.maxCost !== null && options.pricePerMillion === null) {
    throw invalid('A limit on the cost needs the price of a million tokens: give --price-per-million.');
  }
  const baseUrl = checkedUrl(options.baseUrl ?? nonEmpty(env['OPENAI_BASE_URL']) ?? OPENAI);
  const keyVariable = options.keyVariable ?? OPENAI_KEY;
  const key = nonEmpty(env[keyVariable]?.trim()) ?? null;
  if (key === null && (options.keyVariable !== null || baseUrl === OPENAI)) {
    throw invalid(`The environment variable ${keyVariable}, the key for ${baseUrl}, is not set: set it.`);
  }
  // fetch would refuse the header with a message that shows the key.
  if (key !== null && !/^[\x21-\x7e]+$/.test(key)) {
    throw invalid(`The environment variable ${keyVariable} holds characters that no key has.`);
  }
  return { baseUrl, key, keyVariable };
}

function checkedUrl(given: string): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid('The base URL must be an address such as http://localhost:8080/v1.');
  }
  // It stands in results and messages, which a password must not.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(
      `The base URL of ${url.host} must have no user, password, query or fragment: ` +
        'give the key in an environment variable (--api-key-variable).',
    );
  }
  return url.href.replace(/\/+$/, '');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
