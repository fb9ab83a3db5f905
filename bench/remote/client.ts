import { setTimeout as sleep } from 'node:timers/promises';
import { LongEmbedError } from '../../lib/error.js';
import { duration } from '../../lib/format.js';
import { type Answer, readAnswer, readRefusal, type Refusal, tooLong } from './answer.js';
import type { Server } from './options.js';
import {
  askedWaitMs,
  isTransient,
  MAX_ASKED_WAIT_MS,
  MAX_ATTEMPTS,
  MAX_FIRST_ATTEMPTS,
  type Pace,
  PACE,
  waitMs,
} from './retry.js';
import type { Spending } from './spending.js';

/** A server may take minutes for the largest request. */
const REQUEST_TIMEOUT_MS = 600_000;
/** How long an interrupted run waits for an answer that is being paid for. */
const GRACE_MS = 15_000;

/** Texts that the server found too long or too many: nothing was computed. */
export class TooLong extends Error {
  /** Tokens as the server counted them; null: it did not say. */
  readonly tokens: number | null;
  /** What it said. */
  readonly said: string;

  constructor(tokens: number | null, said: string) {
    super(said);
    this.tokens = tokens;
    this.said = said;
  }
}

/** The outcome of an attempt that may be repeated. */
interface Failure {
  /** A clause. */
  readonly why: string;
  /** What the server asks to wait; null: it does not say. */
  readonly askedMs: number | null;
  readonly reached: boolean;
}

/** Asks a server for embeddings and repeats what failed for a passing reason. One request is under way at a time. */
export class Client {
  readonly #server: Server;
  readonly #model: string;
  readonly #spending: Spending;
  readonly #onMessage: (message: string) => void;
  readonly #pace: Pace;
  /** Whether it has ever answered. */
  #reached = false;

  constructor(
    server: Server,
    model: string,
    spending: Spending,
    onMessage: (message: string) => void,
    pace: Pace = PACE,
  ) {
    this.#server = server;
    this.#model = model;
    this.#spending = spending;
    this.#onMessage = onMessage;
    this.#pace = pace;
  }

  /**
   * Embeds texts with one request.
   * @param bound the most tokens that they may have: counted as spent when an answer is lost
   * @param dimensions see `readAnswer`
   * @param signal ends waiting; a request under way is paid for, so its answer is waited for, a while
   * @throws TooLong; LongEmbedError ERR_BACKEND, ERR_INVALID_OPTION about the key, the model or the address; the limit on
   *   the cost as `Spending.limitReached`; ERR_ABORTED
   */
  async embed(
    texts: readonly string[],
    bound: number,
    dimensions: number | null,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      // Also before a repetition: the lost answer was counted.
      if (bound > this.#spending.tokensLeft) throw this.#spending.limitReached(bound);
      const outcome = await this.#attempt(texts, bound, dimensions, signal);
      if ('vectors' in outcome) return outcome;
      this.#reached ||= outcome.reached;
      if (attempt >= (this.#reached ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS)) {
        throw backend(
          `${this.#address} failed ${attempt} times: ${outcome.why}. Run the same command again later.`,
        );
      }
      if (outcome.askedMs !== null && outcome.askedMs > MAX_ASKED_WAIT_MS) {
        throw backend(
          `${this.#address} asks to wait for ${duration(outcome.askedMs / 1000)}: ${outcome.why}. Run the same command again then.`,
        );
      }
      const wait = waitMs(attempt, outcome.askedMs, this.#pace);
      this.#onMessage(
        `${this.#address}: ${outcome.why}; attempt ${attempt + 1} in ${(wait / 1000).toFixed(1)} s`,
      );
      await this.#wait(wait, signal);
    }
  }

  get #address(): string {
    return `The server ${this.#server.baseUrl}`;
  }

  async #attempt(
    texts: readonly string[],
    bound: number,
    dimensions: number | null,
    signal: AbortSignal | undefined,
  ): Promise<Answer | Failure> {
    throwIfStopped(signal);
    let response: Response | null = null;
    let body: string;
    using deadline = new Deadline(signal);
    try {
      response = await fetch(`${this.#server.baseUrl}/embeddings`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#server.key === null ? {} : { authorization: `Bearer ${this.#server.key}` }),
        },
        body: JSON.stringify({ model: this.#model, input: texts, encoding_format: 'float' }),
        // A redirect would carry the texts, and could carry the key, to another server.
        redirect: 'manual',
        signal: deadline.signal,
      });
      body = await response.text();
    } catch (error) {
      const answering = response?.ok === true;
      // A connection that was refused cost nothing; whatever else was lost may have been computed.
      if (answering || !neverConnected(error)) this.#spending.add(bound);
      throwIfStopped(signal);
      const why = answering
        ? 'the connection was lost in the middle of an answer'
        : `no answer (${causeOf(error)})`;
      return { why: this.#safe(why), askedMs: null, reached: response !== null };
    }
    if (response.ok) {
      this.#reached = true;
      return this.#read(body, texts.length, bound, dimensions);
    }
    return this.#refused(response, readRefusal(body));
  }

  #read(body: string, texts: number, bound: number, dimensions: number | null): Answer {
    let tokens: number | null = null;
    try {
      const answer = readAnswer(body, texts, dimensions, this.#server.baseUrl);
      tokens = answer.tokens;
      return answer;
    } finally {
      // Unusable answers are charged as well.
      this.#spending.add(tokens ?? bound);
    }
  }

  /** @returns a failure that passes; throws for any other */
  #refused({ status, headers, type }: Response, refusal: Refusal): Failure {
    const said = this.#safe(refusal.message);
    const answer = `it answers ${status}${said === '' ? '' : `: ${said}`}`;
    if (refusal.code === 'insufficient_quota') {
      throw backend(`${this.#address} gives no more: ${answer}. What was paid for is kept in the cache.`);
    }
    if (isTransient(status)) return { why: answer, askedMs: askedWaitMs(headers), reached: true };
    this.#reached = true;
    const long = tooLong(status, refusal);
    if (long !== null) throw new TooLong(long.tokens, answer);
    if (status === 401 || status === 403) {
      // The answer is not shown: it may quote a part of the key.
      throw invalid(
        `${this.#address} refuses the key (${status}): ` +
          (this.#server.key === null
            ? `set the environment variable ${this.#server.keyVariable}.`
            : `check the environment variable ${this.#server.keyVariable}.`),
      );
    }
    if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
      throw invalid(
        `${this.#address} redirects to another address (${status}): give that one as --base-url.`,
      );
    }
    if (status === 404) {
      throw invalid(
        `${this.#address} does not know the model ${this.#model} or has no embeddings there: ${answer}. Check the model's name ` +
          'and --base-url.',
      );
    }
    throw backend(`${this.#address} refuses a request for ${this.#model}: ${answer}.`);
  }

  /** Servers may quote what they were sent. */
  #safe(text: string): string {
    return this.#server.key === null ? text : text.replaceAll(this.#server.key, '[key]');
  }

  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throwIfStopped(signal);
      throw error;
    }
  }
}

/** Ends a request after its time, or a while after the run was interrupted. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#in(GRACE_MS);

  constructor(signal: AbortSignal | undefined) {
    this.#in(REQUEST_TIMEOUT_MS);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #in(ms: number): void {
    this.#timers.push(setTimeout(() => this.#controller.abort(new Error('it took too long')), ms));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new LongEmbedError('ERR_ABORTED', 'The benchmark was interrupted.', {
      cause: signal.reason as unknown,
    });
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function neverConnected(error: unknown): boolean {
  return NEVER_CONNECTED.has(codeOf(error));
}

function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : '';
}

/** fetch says only that it failed. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string }; message: string };
  const said = cause?.message ?? '';
  return said === '' ? codeOf(error) || message : said;
}

function backend(message: string): LongEmbedError {
  return new LongEmbedError('ERR_BACKEND', message);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
