import { LongEmbedError } from '../error.js';

function abortError(signal: AbortSignal): LongEmbedError {
  return new LongEmbedError('ERR_ABORTED', 'The operation was aborted by its signal.', {
    cause: signal.reason as unknown,
  });
}

/** @throws LongEmbedError ERR_ABORTED, its cause the signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}

/**
 * Calls `onAbort` when the signal is aborted.
 * @returns stops listening
 * @throws LongEmbedError ERR_ABORTED when it is aborted already
 */
export function listenForAbort(
  signal: AbortSignal | undefined,
  onAbort: (error: LongEmbedError) => void,
): () => void {
  if (signal === undefined) return () => undefined;
  throwIfAborted(signal);
  const listener = (): void => onAbort(abortError(signal));
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
