import { LongEmbedError } from '../../lib/index.js';

/** Waits for a promise, at most until the signal is aborted. The work behind it goes on for others. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => undefined);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new LongEmbedError('ERR_ABORTED', 'The client has gone.', { cause: signal.reason }));
    if (signal.aborted) fail();
    else {
      signal.addEventListener('abort', fail, { once: true });
      stop = () => signal.removeEventListener('abort', fail);
    }
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}
