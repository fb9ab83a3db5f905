import { throwIfAborted } from '../abort.js';
import { ERROR_CODES, LongEmbedError, type ErrorCode } from '../error.js';
import type { NativeAddon, NativeJob } from './types.js';
import { addon } from './addon.js';

/**
 * Turns what the native side threw into a LongEmbedError: the one place where that happens. An error without one of
 * our codes is a fault of the native side itself, hence ERR_BACKEND.
 */
export function toLongEmbedError(error: unknown): LongEmbedError {
  if (error instanceof LongEmbedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LongEmbedError(codeOf(error), message, { cause: error });
}

function codeOf(error: unknown): ErrorCode {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return ERROR_CODES.find((known) => known === code) ?? 'ERR_BACKEND';
}

/** Starts native work; what it throws or rejects with comes out of the promise as a LongEmbedError. */
export function startJob<T>(begin: () => NativeJob<T>): NativeJob<T> {
  try {
    const job = begin();
    return {
      promise: job.promise.catch((error: unknown) => {
        throw toLongEmbedError(error);
      }),
      cancel: () => job.cancel(),
    };
  } catch (error) {
    return { promise: Promise.reject(toLongEmbedError(error)), cancel: () => undefined };
  }
}

/**
 * Waits for native work, and cancels it when the signal is aborted.
 * @param message of the error then
 * @throws LongEmbedError what the job rejects with; ERR_ABORTED
 */
export async function settled<T>(
  job: NativeJob<T>,
  signal: AbortSignal | undefined,
  message?: string,
): Promise<T> {
  const cancel = (): void => job.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } catch (error) {
    throwIfAborted(signal, message);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Cancels work whose result is no longer needed, without an unhandled rejection. */
export function abandon(job: NativeJob<unknown>): void {
  job.promise.catch(() => undefined);
  job.cancel();
}

/**
 * The dot product of every left row with every right row, off the main thread: one row of results per left row. A result is off
 * by about 1e-6 of the sum of its products' magnitudes at most, and depends on the two rows only: not on the others, nor on the
 * threads. At most 2²⁸ results a call. Neither array may change until the job settles.
 * @param dimensions numbers of a row
 * @param threads 0: as many as there are physical cores
 * @returns a job; it rejects with ERR_INVALID_OPTION when an array is not a whole number of rows or a number is out of range,
 *   with ERR_BACKEND when something is of the wrong type, with ERR_ABORTED when it was cancelled
 */
export function dotProducts(
  left: Float32Array,
  right: Float32Array,
  dimensions: number,
  threads = 0,
): NativeJob<Float32Array> {
  return startJob(() => addon().dotProducts(left, right, dimensions, threads));
}

/** As `NativeAddon.quantizeRows`. @throws LongEmbedError ERR_INVALID_OPTION, ERR_BACKEND */
export function quantizeRows(
  rows: Float32Array,
  dimensions: number,
  codes: Int8Array,
  facts: Float32Array,
): void {
  try {
    addon().quantizeRows(rows, dimensions, codes, facts);
  } catch (error) {
    throw toLongEmbedError(error);
  }
}

/** As `NativeAddon.boundProducts`, off the main thread. No array may change until the job settles. */
export function boundProducts(...given: Parameters<NativeAddon['boundProducts']>): NativeJob<Float32Array> {
  return startJob(() => addon().boundProducts(...given));
}

/** As `NativeAddon.rowProducts`, off the main thread. No array may change until the job settles. */
export function rowProducts(...given: Parameters<NativeAddon['rowProducts']>): NativeJob<Float32Array> {
  return startJob(() => addon().rowProducts(...given));
}
