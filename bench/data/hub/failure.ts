import { HubApiError } from '@huggingface/hub';
import { LongEmbedError } from '../../../lib/index.js';
import { writeFailure } from '../../../lib/error.js';
import { badData } from '../errors.js';
import { REPOSITORY_LABEL } from './repository.js';
import { mayPass, networkCode } from './retry.js';
import type { HubSettings } from './settings.js';

/** Turns whatever a download threw into what went wrong and what to do about it. */
export function downloadFailure(error: unknown, settings: HubSettings): LongEmbedError {
  if (error instanceof LongEmbedError) return error;
  if (error instanceof HubApiError) return badData(refused(error, settings), error);
  const { syscall, code } = error as NodeJS.ErrnoException;
  // What a connection threw is the cause of an error; what a file threw is the error itself.
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
  // The rest of an address may be a signature.
  const [address] = url.split('?');
  const says = typeof data?.['error'] === 'string' ? ` It says: ${data['error']}` : '';
  if (statusCode === 401 || statusCode === 403) {
    const todo =
      token === null
        ? 'set HF_TOKEN to a token that may read it'
        : 'the token in use (HF_TOKEN, or the one of `hf auth login`) may not read it; set HF_TOKEN to one that may';
    return `${what}: it gives no access to ${REPOSITORY_LABEL}; ${todo}.${says}`;
  }
  if (statusCode === 404) {
    return `${what}: it does not have ${REPOSITORY_LABEL}, or not all of its files (${address}); see whether HF_ENDPOINT is right.`;
  }
  if (mayPass(statusCode)) return `${what}, and did so again each time it was asked; try again later.`;
  return `${what} when asked for ${address}.${says}`;
}

function unreachable(error: unknown, { endpoint, proxies }: HubSettings): string {
  const proxied = proxies.http !== '' || proxies.https !== '';
  const through = proxied ? ' (see HTTP_PROXY, HTTPS_PROXY and NO_PROXY: a proxy is set)' : '';
  return `${endpoint} cannot be reached: ${reason(error)}${through}; see whether this machine has a network connection.`;
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut again and again',
  UND_ERR_SOCKET: 'the connection was cut again and again',
};

function reason(error: unknown): string {
  const known = REASONS[networkCode(error) ?? ''];
  if (known !== undefined) return known;
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
