import { type NativeModel, abandon, type NativeJob } from '../native/index.js';
import type { Tokenizer } from '../tokenize/index.js';
import type { BatchQueue } from './batch-queue.js';
import type { ModelSettings } from './configure.js';
import { LongEmbedError } from '../error.js';
import { emitWarning, type WarningCode } from '../warning.js';

/** A loaded model with everything that embedding needs. */
export interface Engine {
  readonly native: NativeModel;
  readonly tokenizer: Tokenizer;
  readonly settings: ModelSettings;
  readonly promptTokens: PromptTokens;
  readonly operations: Operations;
  /** Where the windows of all calls wait for their turn. */
  readonly batches: BatchQueue;
  readonly warnings: Warnings;
}

/** Something a model is doing for a caller, which ends early when the model is disposed. */
export interface Operation {
  fail(error: LongEmbedError): void;
}

/** The operations in progress on a model; `close` ends them all for good. */
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

  /** Waits for a job, at most until `close`. */
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

  /** Fails all running operations with ERR_DISPOSED. */
  close(): void {
    this.#closed = true;
    for (const operation of [...this.#open]) operation.fail(disposedError());
    this.#open.clear();
  }
}

function disposedError(): LongEmbedError {
  return new LongEmbedError('ERR_DISPOSED', 'The model was disposed: load it again to use it.');
}

/** Prompts whose tokens are cached: more than programs usually have, but bounded for those with a new prompt for every text. */
const MAX_PROMPTS = 32;

/** A cache of prompts' tokens, which every document needs. */
export class PromptTokens {
  readonly #tokenizer: Tokenizer;
  readonly #kept = new Map<string, Promise<Int32Array>>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  get(prompt: string): Promise<Int32Array> {
    const kept = this.#kept.get(prompt);
    if (kept !== undefined) return kept;
    const tokens =
      prompt === '' ? Promise.resolve(new Int32Array(0)) : this.#tokenizer.tokenize(prompt).promise;
    tokens.catch(() => this.#kept.delete(prompt));
    this.#kept.set(prompt, tokens);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_PROMPTS && oldest !== undefined) this.#kept.delete(oldest);
    return tokens;
  }
}

/**
 * Warns the caller, once each, about options that are allowed but probably not intended: by `onWarning`, else as a
 * Node warning, which `process.on('warning')` receives and `node --no-warnings` silences.
 */
export class Warnings {
  readonly #listener: (message: string, code: WarningCode) => void;
  readonly #told = new Set<string>();

  constructor(listener: ((message: string) => void) | undefined) {
    this.#listener = listener ?? emitWarning;
  }

  /** @param code of the Node warning */
  tell(message: string, code: WarningCode = 'LONGEMBED_EXTEND'): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#listener(message, code);
  }
}
