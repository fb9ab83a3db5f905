/** HTTP requests to the hub: proxies, retries, and what to tell people when they fail. */
import { setTimeout } from 'node:timers/promises';
import { HubApiError } from '@huggingface/hub';
import { EnvHttpProxyAgent, fetch, type RequestInit as UndiciInit } from 'undici';
import { LongEmbedError } from '../../../lib/index.js';
import { throwIfAborted } from '../../../lib/abort.js';
import { writeFailure } from '../../../lib/error.js';
import { badData } from '../errors.js';
import { REPOSITORY_LABEL } from './cache.js';
import type { HubSettings } from './settings.js';

export interface HubFetch {
  /** Replaces the global fetch, also in @huggingface/hub. */
  readonly fetch: typeof globalThis.fetch;
  /** Closes its connections. */
  close(): Promise<void>;
}

/** Maximum time without data from the server. */
const SILENCE_TIMEOUT_MS = 60_000;

/**
 * A fetch that uses the environment's proxies, retries, stops with the signal, and sends the token only to the hub: for
 * large files the hub redirects to other hosts.
 */
export function hubFetch(settings: HubSettings, signal: AbortSignal | undefined): HubFetch {
  const { endpoint, token, proxies, firstPauseMs } = settings;
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxies.http,
    httpsProxy: proxies.https,
    noProxy: proxies.none,
    // As in other programs, only HTTPS goes through a tunnel.
    proxyTunnel: false,
    headersTimeout: SILENCE_TIMEOUT_MS,
    bodyTimeout: SILENCE_TIMEOUT_MS,
  });
  const hub = new URL(endpoint).origin;

  const once = async (url: string | URL, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    // On a redirect to another host, fetch drops the header, as the standard requires.
    if (token !== null && new URL(url).origin === hub) headers.set('authorization', `Bearer ${token}`);
    const all = { ...init, headers, dispatcher, ...(signal !== undefined && { signal }) };
    // Node's own types come from an older version of undici.
    return fetch(url, all as unknown as UndiciInit);
  };

  return {
    fetch: async (input, init = {}) => {
      const url = input instanceof Request ? input.url : input;
      for (let attempt = 1; ; attempt++) {
        throwIfAborted(signal);
        let response: Response | null = null;
        try {
          response = await once(url, init);
        } catch (error) {
          throwIfAborted(signal);
          if (attempt === MAX_ATTEMPTS || !isRetryableFailure(error)) throw error;
        }
        if (response !== null && (attempt === MAX_ATTEMPTS || !isRetryable(response.status))) return response;
        await response?.body?.cancel();
        await pause(attempt, firstPauseMs, response, signal);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** Maximum number of attempts at a request. */
export const MAX_ATTEMPTS = 5;
/** Longer pauses that a server asks for are cut to this. */
const MAX_PAUSE_S = 60;

/** Statuses that may change on a retry. */
const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);

/** Connection failures that may not happen again, unlike an unknown host or an invalid certificate. */
const RETRYABLE_CODE = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

function isRetryable(status: number): boolean {
  return RETRYABLE_STATUS.has(status);
}

/** The error code of the system or the HTTP client, from the innermost cause that has one. */
function networkCode(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code, errors } = inner as Error & { code?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    // one error per address that was tried
    if (Array.isArray(errors)) return networkCode(errors[0]);
  }
  return undefined;
}

function isRetryableFailure(error: unknown): boolean {
  return RETRYABLE_CODE.has(networkCode(error) ?? '');
}

/**
 * Waits before the next attempt: twice as long each time, or as long as the server asks.
 * @param attempt number of the failed attempt, from 1
 * @param firstPauseMs pause after the first attempt
 * @throws LongEmbedError ERR_ABORTED
 */
export async function pause(
  attempt: number,
  firstPauseMs: number,
  response: Response | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const asked = Number(response?.headers.get('retry-after') ?? Number.NaN);
  const pauseMs = asked >= 0 ? Math.min(asked, MAX_PAUSE_S) * 1000 : firstPauseMs * 2 ** (attempt - 1);
  try {
    await setTimeout(pauseMs, undefined, { ...(signal !== undefined && { signal }) });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** Converts anything a download throws into an error that says what went wrong and what to do. */
export function downloadFailure(error: unknown, settings: HubSettings): LongEmbedError {
  if (error instanceof LongEmbedError) return error;
  if (error instanceof HubApiError) return badData(refused(error, settings), error);
  const { syscall, code } = error as NodeJS.ErrnoException;
  // Connection failures are the cause of an error; file system failures are the error itself.
  if (syscall !== undefined && code !== undefined) {
    return badData(
      `The cache ${settings.cache} cannot be written: ${writeFailure(error)}. Set HF_HUB_CACHE to another folder.`,
      error,
    );
  }
  return badData(unreachable(error, settings), error);
}

function refused(
  { statusCode, url, data }: HubApiError,
  { endpoint, token }: Pick<HubSettings, 'endpoint' | 'token'>,
): string {
  const what = `${endpoint} answers ${statusCode}`;
  // The query may contain a signature.
  const [address] = url.split('?');
  const says = typeof data?.['error'] === 'string' ? ` It says: ${data['error']}` : '';
  if (statusCode === 401 || statusCode === 403) {
    const todo =
      token === null
        ? 'set HF_TOKEN to a token that may read it'
        : 'the token in use (HF_TOKEN, or the one of `hf auth login`) may not read it; set HF_TOKEN to one that may';
    return `${what}: it denies access to ${REPOSITORY_LABEL}; ${todo}.${says}`;
  }
  if (statusCode === 404) {
    return `${what}: it does not have ${REPOSITORY_LABEL}, or not all of its files (${address}); check HF_ENDPOINT.`;
  }
  if (isRetryable(statusCode)) return `${what}, on every attempt; try again later.`;
  return `${what} when asked for ${address}.${says}`;
}

function unreachable(error: unknown, { endpoint, proxies }: HubSettings): string {
  const proxied = proxies.http !== '' || proxies.https !== '';
  const viaProxy = proxied ? ' (see HTTP_PROXY, HTTPS_PROXY and NO_PROXY: a proxy is set)' : '';
  return `${endpoint} cannot be reached: ${reason(error)}${viaProxy}; check this machine's network connection.`;
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was repeatedly cut',
  UND_ERR_SOCKET: 'the connection was repeatedly cut',
};

function reason(error: unknown): string {
  const known = REASONS[networkCode(error) ?? ''];
  if (known !== undefined) return known;
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
