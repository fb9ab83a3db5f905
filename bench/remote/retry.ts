/** When a failed request is sent again. */

/** Requests for the same texts, the first included. */
export const MAX_ATTEMPTS = 8;
/** The same while the server has never been reached: its address is probably wrong. */
export const MAX_FIRST_ATTEMPTS = 3;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
/** A server that asks for more is not waited for. */
export const MAX_ASKED_WAIT_MS = 600_000;

/** Waits between attempts; tests shorten them. */
export interface Pace {
  readonly firstWaitMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export const PACE: Pace = { firstWaitMs: FIRST_WAIT_MS, random: Math.random };

/** Statuses after which the same request may succeed. */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/**
 * Time to wait before the next attempt: what the server asks for, else twice as long each time, with a random part so that
 * several programs do not return at once.
 * @param attempt from 1
 */
export function waitMs(attempt: number, asked: number | null, { firstWaitMs, random }: Pace): number {
  const backOff = Math.min(MAX_WAIT_MS, firstWaitMs * 2 ** (attempt - 1));
  if (asked === null) return backOff * (0.5 + random() / 2);
  return asked + random() * Math.min(firstWaitMs, asked / 10);
}

/** The wait that an answer's headers ask for, in milliseconds (RFC 9110, section 10.2.3); null: none. */
export function askedWaitMs(headers: Headers, now: () => number = Date.now): number | null {
  const milliseconds = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now());
}
