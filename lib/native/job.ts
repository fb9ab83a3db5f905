import { toLongEmbedError } from './error.js';
import type { NativeJob } from './types.js';

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

/** For work whose result nobody waits for any longer: its rejection is no unhandled one. */
export function abandon(job: NativeJob<unknown>): void {
  job.promise.catch(() => undefined);
  job.cancel();
}
