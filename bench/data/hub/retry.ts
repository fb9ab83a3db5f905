import { setTimeout } from 'node:timers/promises';
import { throwIfAborted } from '../../../lib/abort.js';

/** How often something is tried in all. */
export const ATTEMPTS = 5;
/** A server that asks for a longer pause gets this one, in seconds. */
const LONGEST_PAUSE = 60;

/** Answers of a server that may be others in a moment. */
const PASSING_STATUS = new Set([408, 429, 500, 502, 503, 504]);

/** Failures of a connection that may not happen again; an unknown host or a wrong certificate will. */
const PASSING_CODE = new Set([
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

export function mayPass(status: number): boolean {
  return PASSING_STATUS.has(status);
}

/** The system's or the HTTP client's name of what went wrong with a connection, as deep as it lies. */
export function networkCode(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code, errors } = inner as Error & { code?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    // one error an address that was tried
    if (Array.isArray(errors)) return networkCode(errors[0]);
  }
  return undefined;
}

export function connectionMayPass(error: unknown): boolean {
  return PASSING_CODE.has(networkCode(error) ?? '');
}

/**
 * Waits before the next attempt: twice as long each time, or as long as the server asks.
 * @param attempt that failed, from 1
 * @param first pause, in milliseconds
 * @throws LongEmbedError ERR_ABORTED
 */
export async function pause(
  attempt: number,
  first: number,
  response: Response | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const asked = Number(response?.headers.get('retry-after') ?? Number.NaN);
  const length = asked >= 0 ? Math.min(asked, LONGEST_PAUSE) * 1000 : first * 2 ** (attempt - 1);
  try {
    await setTimeout(length, undefined, { ...(signal !== undefined && { signal }) });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
