import { ApiError } from '../api-error.js';

/** Bytes of all bodies that are being read or worked on at once, at least: larger bodies are allowed more. */
const MIN_ROOM = 512 * 1024 * 1024;

/** The bytes of one body that are in memory. */
export interface BodyPlace {
  /** @throws ApiError 429 where there is no room for so many more */
  take(bytes: number): void;
  /** Gives all of them back. */
  giveBack(): void;
}

/**
 * The bodies that a server holds: many large requests at once are turned away before they fill the memory. What counts is what has
 * arrived: what a client only announces, others can use.
 */
export class BodyBudget {
  readonly #room: number;
  #bytes = 0;

  /** @param maxBodyBytes of one body */
  constructor(maxBodyBytes: number) {
    this.#room = Math.max(MIN_ROOM, 2 * maxBodyBytes);
  }

  /** A place for a body of which nothing has arrived. */
  open(): BodyPlace {
    let held = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#room) throw full();
        this.#bytes += bytes;
        held += bytes;
      },
      giveBack: () => {
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}

function full(): ApiError {
  return new ApiError(429, 'The server reads too many large requests at once: try again later.', {
    code: 'queue_full',
    type: 'overloaded_error',
    retryAfter: 1,
  });
}
