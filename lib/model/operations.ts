import { LongEmbedError } from '../error.js';
import { abandon, type NativeJob } from '../native/index.js';

/** Something a model is doing for a caller, which ends early when the model is disposed. */
export interface Operation {
  fail(error: LongEmbedError): void;
}

/** What a model is doing now: `close` ends all of it, once and for all. */
export class Operations {
  readonly #open = new Set<Operation>();
  #closed = false;

  /** @throws LongEmbedError ERR_DISPOSED after `close` */
  check(): void {
    if (this.#closed) throw disposedError();
  }

  /** @throws LongEmbedError ERR_DISPOSED after `close` */
  add(operation: Operation): void {
    this.check();
    this.#open.add(operation);
  }

  delete(operation: Operation): void {
    this.#open.delete(operation);
  }

  /** Waits for a job, no longer than until `close`. */
  wait<T>(job: NativeJob<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const operation: Operation = {
        fail: (error) => {
          abandon(job);
          reject(error);
        },
      };
      this.add(operation);
      job.promise.then(resolve, reject).finally(() => this.delete(operation));
    });
  }

  /** Fails all that runs with ERR_DISPOSED. */
  close(): void {
    this.#closed = true;
    for (const operation of [...this.#open]) operation.fail(disposedError());
    this.#open.clear();
  }
}

function disposedError(): LongEmbedError {
  return new LongEmbedError('ERR_DISPOSED', 'The model was disposed: load it again to use it.');
}
