import { LongEmbedError } from './error.js';

function abortError(
  signal: AbortSignal,
  message = 'The operation was aborted by its signal.',
): LongEmbedError {
  return new LongEmbedError('ERR_ABORTED', message, { cause: signal.reason as unknown });
}

/**
 * @param message of the error, where the default would be too general
 * @throws LongEmbedError ERR_ABORTED, its cause the signal's reason
 */
export function throwIfAborted(signal: AbortSignal | undefined, message?: string): void {
  if (signal?.aborted === true) throw abortError(signal, message);
}

/**
 * Calls `onAbort` when the signal is aborted.
 * @param message of the error, where the default would be too general
 * @returns a function that stops listening
 * @throws LongEmbedError ERR_ABORTED when it is aborted already
 */
export function listenForAbort(
  signal: AbortSignal | undefined,
  onAbort: (error: LongEmbedError) => void,
  message?: string,
): () => void {
  if (signal === undefined) return () => undefined;
  throwIfAborted(signal, message);
  const listener = (): void => onAbort(abortError(signal, message));
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/**
 * Waits for a promise, at most until the signal is aborted. The work behind it goes on, for others or for nobody.
 * @param message of the error, where the default would be too general
 * @throws LongEmbedError ERR_ABORTED
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  message?: string,
): Promise<T> {
  promise.catch(() => undefined);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = listenForAbort(signal, reject, message);
  });
  return Promise.race([promise, aborted]).finally(stop);
}
