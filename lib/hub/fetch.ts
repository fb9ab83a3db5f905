/** HTTP requests to the hub: proxies, the token, retries, and refusals as failures. */
import { setTimeout } from 'node:timers/promises';
import { EnvHttpProxyAgent, fetch, type RequestInit as UndiciInit } from 'undici';
import { throwIfAborted } from '../abort.js';
import { asHubFailure, isRetryableStatus, networkCode, refusal, webPage } from './failure.js';
import type { Repository } from './repository.js';
import type { HubSettings } from './settings.js';

/** The hub, for requests about one repository. */
export interface Connection {
  readonly settings: HubSettings;
  /**
   * Replaces the global fetch, also in @huggingface/hub. Responses are successful and not web pages.
   * @throws HubFailure; LongEmbedError ERR_ABORTED
   */
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
}

export interface ConnectOptions {
  readonly signal: AbortSignal | undefined;
  /** For messages: "dwzhu/LongEmbed@6e34664". */
  readonly what: string;
}

/**
 * Connects to the hub with the environment's proxies while `work` runs. The token goes only to the hub: for large files the
 * hub redirects to other hosts.
 * @throws HubFailure for whatever goes wrong; LongEmbedError and CallerError that `work` throws
 */
export async function withConnection<T>(
  settings: HubSettings,
  repository: Repository,
  { signal, what }: ConnectOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { endpoint, token, proxies, silenceTimeoutMs } = settings;
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxies.http,
    httpsProxy: proxies.https,
    noProxy: proxies.none,
    // As in other programs, only HTTPS goes through a tunnel.
    proxyTunnel: false,
    headersTimeout: silenceTimeoutMs,
    bodyTimeout: silenceTimeoutMs,
  });
  const hub = new URL(endpoint).origin;
  const page = repositoryUrl(endpoint, repository);

  const once = async (url: string | URL, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    // On a redirect to another host, fetch drops the header, as the standard requires.
    if (token !== null && new URL(url).origin === hub) headers.set('authorization', `Bearer ${token}`);
    const all = { ...init, headers, dispatcher, ...(signal !== undefined && { signal }) };
    // Node's own types come from an older version of undici.
    return fetch(url, all as unknown as UndiciInit);
  };

  const request: typeof globalThis.fetch = async (input, init = {}) => {
    const response = await retried(() => once(input instanceof Request ? input.url : input, init), {
      firstPauseMs: settings.firstPauseMs,
      maxAttempts: settings.maxAttempts,
      signal,
    });
    if (!response.ok) throw await refusal(response, what, page, settings);
    if (response.headers.get('content-type')?.startsWith('text/html') === true) {
      await response.body?.cancel();
      throw webPage(what, settings);
    }
    return response;
  };
  try {
    return await work({ settings, fetch: request, signal });
  } catch (error) {
    throw asHubFailure(error, settings);
  } finally {
    await dispatcher.destroy();
  }
}

/** The page of a repository; files are below it. */
export function repositoryUrl(endpoint: string, { type, name }: Repository): string {
  return `${endpoint}/${type === 'dataset' ? 'datasets/' : ''}${name}`;
}

interface RetryOptions {
  readonly firstPauseMs: number;
  readonly maxAttempts: number;
  readonly signal: AbortSignal | undefined;
}

async function retried(
  request: () => Promise<Response>,
  { firstPauseMs, maxAttempts, signal }: RetryOptions,
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    let response: Response | null = null;
    try {
      response = await request();
    } catch (error) {
      throwIfAborted(signal);
      if (attempt >= maxAttempts || !isRetryableFailure(error)) throw error;
    }
    if (response !== null && (attempt >= maxAttempts || !isRetryableStatus(response.status))) return response;
    await response?.body?.cancel();
    await pause(attempt, firstPauseMs, response, signal);
  }
}

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

function isRetryableFailure(error: unknown): boolean {
  return RETRYABLE_CODE.has(networkCode(error) ?? '');
}

/** Longer pauses that a server asks for are cut to this. */
const MAX_PAUSE_S = 60;

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
  await sleep(pauseMs, signal);
}

/** @throws LongEmbedError ERR_ABORTED */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(ms, undefined, { ...(signal !== undefined && { signal }) });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
