/** What goes wrong with the hub, as sentences that say what to do. */
import { LongEmbedError, writeFailure } from '../error.js';
import type { HubSettings } from './settings.js';

/**
 * - `not-found`: the hub does not have the repository, the revision or the file
 * - `denied`: it does not give them to this user
 * - `unreachable`: it does not answer, or not as a hub does
 * - `offline`: the network must not be used, and the cache does not have it
 * - `damaged`: what arrived is not what was asked for
 * - `unwritable`: the cache cannot be written
 * - `setting`: an environment variable is malformed
 */
export type HubFailureReason =
  'not-found' | 'denied' | 'unreachable' | 'offline' | 'damaged' | 'unwritable' | 'setting';

/** The message is for users; callers turn it into a LongEmbedError whose code fits what they were looking for. */
export class HubFailure extends Error {
  override readonly name = 'HubFailure';
  readonly reason: HubFailureReason;

  constructor(reason: HubFailureReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

/** Statuses that may change on a retry. */
const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);

export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUS.has(status);
}

/**
 * The hub's refusal as a failure.
 * @param what was asked for: "dwzhu/LongEmbed@6e34664"
 * @param page of the repository, where people see whether they may have it
 */
export async function refusal(
  response: Response,
  what: string,
  page: string,
  { endpoint, token }: HubSettings,
): Promise<HubFailure> {
  const { status } = response;
  // The query may contain a signature.
  const [address = ''] = response.url.split('?');
  const says = await saying(response);
  const answers = `${endpoint} answers ${status}`;
  if (response.headers.get('x-error-code') === 'GatedRepo') {
    const account =
      token === null ? 'set HF_TOKEN to a token of your account' : 'use a token of that account';
    return new HubFailure(
      'denied',
      `${answers}: ${what} is gated. Accept its conditions at ${page}, and ${account} (HF_TOKEN, or hf auth login).${says}`,
    );
  }
  if (response.headers.get('x-error-code') === 'RevisionNotFound') {
    return new HubFailure(
      'not-found',
      `${answers}: it does not have ${what}: the repository has no such branch, tag or commit (see ${page}).`,
    );
  }
  if (status === 401 || status === 403) {
    const todo =
      token === null
        ? 'set HF_TOKEN to a token that may read it'
        : 'the token in use (HF_TOKEN, or the one of `hf auth login`) may not read it; set HF_TOKEN to one that may';
    // The hub does not tell strangers what does not exist.
    return new HubFailure(
      'denied',
      `${answers}: it denies access to ${what}, or has no such repository. Check the name; if it is private or gated (${page}), ` +
        `${todo}.${says}`,
    );
  }
  if (status === 404) {
    return new HubFailure(
      'not-found',
      `${answers}: it does not have ${what}, or not all of its files (${address}); check the name, the revision and HF_ENDPOINT.`,
    );
  }
  return isRetryableStatus(status)
    ? new HubFailure('unreachable', `${answers}, on every attempt; try again later.`)
    : new HubFailure('not-found', `${answers} when asked for ${address}.${says}`);
}

async function saying(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { error?: unknown } | null;
  return typeof body?.error === 'string' ? ` It says: ${body.error.slice(0, 300)}` : '';
}

/** A page for people came instead of data, as login pages of networks and proxies answer. */
export function webPage(what: string, { endpoint }: HubSettings): HubFailure {
  return new HubFailure(
    'unreachable',
    `${endpoint} sends a web page instead of ${what}: open it in a browser, in case the network wants a login, and check ` +
      'HF_ENDPOINT and the proxy settings.',
  );
}

/** Anything that a request or a download throws as a failure; errors of the caller stay what they are. */
export function asHubFailure(error: unknown, settings: HubSettings): Error {
  if (error instanceof HubFailure || error instanceof LongEmbedError || error instanceof CallerError) {
    return error;
  }
  const { syscall, code } = error as NodeJS.ErrnoException;
  // Connection failures are the cause of an error; file system failures are the error itself.
  if (syscall !== undefined && code !== undefined) {
    return new HubFailure(
      'unwritable',
      `The cache ${settings.cache} cannot be written: ${writeFailure(error)}. Set HF_HUB_CACHE to another folder.`,
      error,
    );
  }
  if (error instanceof SyntaxError) {
    return new HubFailure(
      'unreachable',
      `${settings.endpoint} does not answer as a Hugging Face hub does (${error.message}): check HF_ENDPOINT.`,
      error,
    );
  }
  return new HubFailure('unreachable', unreachable(error, settings), error);
}

/** What a callback of the caller threw: it goes back to them unchanged. */
export class CallerError extends Error {
  override readonly name = 'CallerError';
}

function unreachable(error: unknown, { endpoint, proxies }: HubSettings): string {
  const proxied = proxies.http !== '' || proxies.https !== '';
  const viaProxy = proxied ? ' (see HTTP_PROXY, HTTPS_PROXY and NO_PROXY: a proxy is set)' : '';
  return `${endpoint} cannot be reached: ${whyUnreachable(error)}${viaProxy}; check this machine's network connection.`;
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was repeatedly cut',
  UND_ERR_SOCKET: 'the connection was repeatedly cut',
};

/** The HTTP client takes 407 for itself, and says nothing more. */
const WITHOUT_REASON =
  'the request failed without a reason, as it does where a proxy wants a user name and a password (407)';

/** The error code of the system or the HTTP client, from the innermost cause that has one. */
export function networkCode(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code, errors } = inner as Error & { code?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    // one error per address that was tried
    if (Array.isArray(errors)) return networkCode(errors[0]);
  }
  return undefined;
}

function whyUnreachable(error: unknown): string {
  const known = REASONS[networkCode(error) ?? ''];
  if (known !== undefined) return known;
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  if (inner instanceof Error && inner.message === '') return WITHOUT_REASON;
  return inner instanceof Error ? inner.message : String(inner);
}
