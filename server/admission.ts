import { ApiError } from './api-error.js';

/** Requests in progress at the same time, beside the limit on their tokens. */
const MAX_REQUESTS = 1024;
/** What is said where nothing has been computed yet. */
const FIRST_RETRY_S = 1;
const MAX_RETRY_S = 60;
/** How much weight the newest measurement of the speed has. */
const SMOOTHING = 0.2;

/** A request's place in the queue. */
export interface Ticket {
  /** Gives the place back. @param done whether its tokens were computed */
  release(done: boolean): void;
}

/**
 * Back-pressure: how many tokens may wait or be computed at once. What does not fit is turned away with 429 and the time after
 * which the queue should have room, by the speed at which tokens have been computed.
 */
export class Admission {
  /** Tokens that may wait or be computed at once. */
  readonly maxTokens: number;
  #tokens = 0;
  #requests = 0;
  /** Tokens per second, smoothed; 0: not known yet. */
  #speed = 0;
  #busySince = 0;
  #doneSince = 0;

  constructor(maxTokens: number) {
    this.maxTokens = maxTokens;
  }

  /** Tokens and requests that wait or are computed. */
  get load(): { tokens: number; requests: number } {
    return { tokens: this.#tokens, requests: this.#requests };
  }

  /** Refuses at once, before anything is tokenized, while nothing could be admitted. @throws ApiError 429 */
  check(): void {
    if (this.#tokens >= this.maxTokens || this.#requests >= MAX_REQUESTS) throw this.#full(1);
  }

  /**
   * @param tokens that the request will have computed
   * @throws ApiError 429 while the queue is full; 413 when it would never have room
   */
  admit(tokens: number): Ticket {
    if (tokens > this.maxTokens) throw tooManyTokens(tokens, this.maxTokens);
    if (this.#tokens + tokens > this.maxTokens || this.#requests >= MAX_REQUESTS) throw this.#full(tokens);
    if (this.#requests === 0) this.#restart();
    this.#tokens += tokens;
    this.#requests++;
    let held = true;
    return {
      release: (done) => {
        if (!held) return;
        held = false;
        this.#tokens -= tokens;
        this.#requests--;
        if (done) this.#measure(tokens);
      },
    };
  }

  #full(tokens: number): ApiError {
    const excess = Math.max(tokens + this.#tokens - this.maxTokens, 1);
    const wait = this.#speed === 0 ? FIRST_RETRY_S : excess / this.#speed;
    return new ApiError(429, `The queue is full (${this.#tokens} tokens): try again later.`, {
      code: 'queue_full',
      type: 'overloaded_error',
      retryAfter: Math.min(Math.max(wait, 1), MAX_RETRY_S),
    });
  }

  #restart(): void {
    this.#busySince = performance.now();
    this.#doneSince = 0;
  }

  /** Takes the speed over stretches of at least a second, so that single texts do not count as much as many. */
  #measure(tokens: number): void {
    this.#doneSince += tokens;
    const seconds = (performance.now() - this.#busySince) / 1000;
    if (seconds < 1 && this.#requests > 0) return;
    const speed = this.#doneSince / Math.max(seconds, 1e-3);
    this.#speed = this.#speed === 0 ? speed : (1 - SMOOTHING) * this.#speed + SMOOTHING * speed;
    this.#restart();
  }
}

/** @param tokens of a request, or as many as were counted @param maxTokens that the server takes at once */
export function tooManyTokens(tokens: number, maxTokens: number): ApiError {
  return new ApiError(
    413,
    `The request has ${tokens} tokens, and the server takes ${maxTokens} at once: send fewer or shorter inputs per request.`,
    { code: 'request_too_large', param: 'input' },
  );
}
