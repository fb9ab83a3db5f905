import { EnvHttpProxyAgent, fetch, type RequestInit as UndiciInit } from 'undici';
import { throwIfAborted } from '../../../lib/abort.js';
import { ATTEMPTS, connectionMayPass, mayPass, pause } from './retry.js';
import type { HubSettings } from './settings.js';

export interface HubFetch {
  /** Takes the place of the global fetch, for @huggingface/hub too. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** How long a server may be silent, in milliseconds. */
const SILENCE = 60_000;

/**
 * A fetch that goes through the proxies of the environment, repeats what may pass, stops with the signal, and shows the
 * token to the hub and to nobody else: for large files the hub sends its callers to other hosts.
 */
export function hubFetch(settings: HubSettings, signal: AbortSignal | undefined): HubFetch {
  const { endpoint, token, proxies, firstPause } = settings;
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxies.http,
    httpsProxy: proxies.https,
    noProxy: proxies.none,
    // As other programs do: plain HTTP is handed to the proxy, only HTTPS goes through a tunnel.
    proxyTunnel: false,
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  const hub = new URL(endpoint).origin;

  const once = async (url: string | URL, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    // Where the hub redirects to another host, fetch drops it again: the standard wants it so.
    if (token !== null && new URL(url).origin === hub) headers.set('authorization', `Bearer ${token}`);
    const all = { ...init, headers, dispatcher, ...(signal !== undefined && { signal }) };
    // Node's own types of these are an older version's of the same library.
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
          if (attempt === ATTEMPTS || !connectionMayPass(error)) throw error;
        }
        if (response !== null && (attempt === ATTEMPTS || !mayPass(response.status))) return response;
        await response?.body?.cancel();
        await pause(attempt, firstPause, response, signal);
      }
    },
    close: () => dispatcher.destroy(),
  };
}
