import type { Writable } from 'node:stream';
import { BrokenPipe } from '../exit.js';
import { outputError } from './errors.js';
import type { Sink } from './output.js';

/** Standard output, never closed. */
export class StdoutSink implements Sink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    }).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') throw new BrokenPipe();
      return outputError('standard output')(error);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}
