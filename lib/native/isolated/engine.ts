import { resolve } from 'node:path';
import { LongEmbedError } from '../../error.js';
import type { NativeJob, NativeLoadOptions } from '../types.js';
import { Calls, describeCalls, type NewCall, type Call } from './calls.js';
import { deathError, type Death } from './death.js';
import { LOAD, type Answer, type Loaded, type Value } from './messages.js';
import { exists, fingerprint } from '../../model-files.js';
import { Session, type Loading, type Start } from './process.js';
import { MAX_FAILED_STARTS, Starts } from './starts.js';

const GIVEN_UP = `It failed to start ${MAX_FAILED_STARTS} times in a row: calls fail at once for a minute, after which the next one starts it again.`;
const STARTS_AGAIN = 'The next call starts it again.';

/** A model in a separate process, which is restarted after it has died. */
export class IsolatedEngine {
  readonly #start: Start;
  readonly #path: string;
  readonly #options: NativeLoadOptions;
  /** Fingerprint of the files loaded first: a restart must not load another model. */
  readonly #fingerprint: string;
  readonly #calls = new Calls();
  readonly #starts = new Starts();
  /** Waits until the process may be started again. */
  #backOff: NodeJS.Timeout | null = null;
  /** null: the process has died, or was never started. */
  #session: Session | null = null;
  /** Why calls are refused; null: they are not. */
  #refusal: (() => LongEmbedError) | null = null;
  #disposal: Promise<void> | null = null;

  constructor(start: Start, path: string, options: NativeLoadOptions) {
    this.#start = start;
    this.#path = path;
    this.#options = options;
    this.#fingerprint = this.#fingerprintNow();
  }

  /** Loads the model for the first time; `cancel` ends the process. */
  load(onProgress: ((fraction: number) => void) | null): NativeJob<Loaded> {
    let settled = false;
    const report = (fraction: number): void => {
      if (!settled) onProgress?.(fraction);
    };
    const session = this.#open(onProgress === null ? null : report);
    let cancel = (): void => undefined;
    const promise = new Promise<Loaded>((resolve, reject) => {
      cancel = () => {
        if (settled) return;
        settled = true;
        session.kill();
        reject(aborted());
      };
      void session.loading.then((loading) => {
        if (settled) return;
        settled = true;
        this.#updateRef();
        if (loading.kind === 'loaded') resolve(loading);
        else reject(loadingError(loading, 'loaded the model', 'Loading it again starts another.'));
      });
    });
    return { promise, cancel: () => cancel() };
  }

  call(request: NewCall, onProgress: ((fraction: number) => void) | null): NativeJob<Value> {
    if (this.#disposal === null && !this.#calls.working && this.#starts.areForgotten) {
      this.#starts.worked();
      this.#refusal = null;
    }
    if (this.#refusal !== null) return { promise: Promise.reject(this.#refusal()), cancel: () => undefined };
    const call = this.#calls.add(request, onProgress);
    if (this.#session === null) this.#restart();
    else this.#sendCalls();
    this.#updateRef();
    return { promise: call.promise, cancel: () => this.#cancel(call) };
  }

  /** Rejects open calls with ERR_DISPOSED and ends the process. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#refusal = () => new LongEmbedError('ERR_DISPOSED', 'The model is disposed: load it again.');
    this.#failAll(
      () => new LongEmbedError('ERR_DISPOSED', 'The model was disposed before the call was done.'),
    );
    this.#stopBackOff();
    await this.#session?.end();
  }

  #cancel(call: Call): void {
    if (!this.#calls.cancel(call)) return;
    call.reject(aborted());
    if (call.sent) this.#session?.send({ kind: 'cancel', id: call.request.id });
    if (this.#calls.open === 0) this.#stopBackOff();
    this.#sendCalls();
    this.#updateRef();
  }

  /** Sends what the process does not have yet and may have. */
  #sendCalls(): void {
    const session = this.#session;
    if (session?.loaded !== true) return;
    for (const call of this.#calls.sendable()) {
      try {
        session.send(call.request);
        call.sent = true;
      } catch (error) {
        // A DataCloneError: the request cannot be sent to another process.
        this.#calls.answered(call.request.id);
        call.reject(error as Error);
      }
    }
  }

  #open(onProgress: ((fraction: number) => void) | null): Session {
    const request = {
      kind: 'load',
      path: this.#path,
      options: this.#options,
      progress: onProgress !== null,
    } as const;
    const session = new Session(this.#start, request, (answer) => this.#hear(answer, onProgress));
    this.#session = session;
    void session.ended.then((death) => this.#ended(session, death));
    return session;
  }

  /** Starts the process again for the calls that wait, as soon as it may be. */
  #restart(): void {
    if (this.#backOff !== null) return;
    const { delay } = this.#starts;
    if (delay > 0) {
      this.#backOff = setTimeout(() => {
        this.#backOff = null;
        this.#startAgain();
      }, delay);
      return;
    }
    this.#startAgain();
  }

  #stopBackOff(): void {
    if (this.#backOff !== null) clearTimeout(this.#backOff);
    this.#backOff = null;
  }

  #startAgain(): void {
    if (this.#fingerprintNow() !== this.#fingerprint && exists(this.#file)) {
      this.#failAll(() => this.#changedError());
      return;
    }
    const session = this.#open(null);
    void session.loading.then((loading) => {
      if (session === this.#session) this.#restarted(session, loading);
    });
  }

  #restarted(session: Session, loading: Loading): void {
    if (loading.kind === 'died') return; // #ended handles the rest
    // The file may have changed while it was loaded.
    if (loading.kind === 'loaded' && this.#fingerprintNow() === this.#fingerprint) {
      this.#sendCalls();
      this.#updateRef();
      return;
    }
    this.#session = null;
    session.kill();
    this.#failAll(() =>
      loading.kind === 'failed' ? new LongEmbedError(loading.code, loading.message) : this.#changedError(),
    );
  }

  #hear(answer: Answer, onLoadProgress: ((fraction: number) => void) | null): void {
    switch (answer.kind) {
      case 'began':
        this.#began(answer.id);
        return;
      case 'progress':
        if (answer.id === LOAD) onLoadProgress?.(answer.fraction);
        else this.#began(answer.id)?.onProgress?.(answer.fraction);
        return;
      case 'done': {
        const call = this.#calls.answered(answer.id);
        this.#starts.worked();
        call?.resolve(withOwnMemory(answer.value));
        break;
      }
      case 'failed':
        this.#starts.worked();
        this.#calls.answered(answer.id)?.reject(new LongEmbedError(answer.code, answer.message));
    }
    this.#sendCalls();
    this.#updateRef();
  }

  #began(id: number): Call | undefined {
    const call = this.#calls.get(id);
    if (call !== undefined) call.began = true;
    this.#starts.worked();
    return call;
  }

  #ended(session: Session, death: Death): void {
    if (session !== this.#session) return;
    this.#session = null;
    // An idle process loses no work when it dies: the next call restarts it silently.
    if (this.#refusal !== null || !this.#calls.working) return;
    const lost = session.loaded ? this.#calls.takeInFlight() : [];
    for (const call of lost) call.reject(deathError(death, describeCalls(lost), STARTS_AGAIN));
    if (lost.length > 0) this.#starts.worked();
    else this.#starts.failed();
    if (this.#starts.exhausted) {
      const doing = session.loaded ? 'took calls' : 'loaded the model again';
      this.#refusal = () => deathError(death, doing, GIVEN_UP);
      this.#failAll(this.#refusal);
    }
    if (this.#calls.open > 0) this.#restart();
  }

  /** The event loop stays alive while a call is open, as with a model in this process. */
  #updateRef(): void {
    this.#session?.setRef(this.#calls.open > 0);
  }

  #failAll(error: () => LongEmbedError): void {
    for (const call of this.#calls.takeAll()) call.reject(error());
  }

  get #file(): string {
    return resolve(this.#start.cwd, this.#path);
  }

  #fingerprintNow(): string {
    return fingerprint(this.#file);
  }

  #changedError(): LongEmbedError {
    return new LongEmbedError(
      'ERR_MODEL_INVALID',
      `${this.#path} has changed since it was loaded, and the process that had it has died: dispose of the model and load it anew.`,
    );
  }
}

function loadingError(loading: Exclude<Loading, Loaded>, doing: string, next: string): LongEmbedError {
  return loading.kind === 'failed'
    ? new LongEmbedError(loading.code, loading.message)
    : deathError(loading.death, doing, next);
}

function aborted(): LongEmbedError {
  return new LongEmbedError('ERR_ABORTED', 'The call was aborted.');
}

/** Arrays read from the channel share one buffer with other messages, which must be neither kept alive nor exposed. */
function withOwnMemory(value: Value): Value {
  if (!ArrayBuffer.isView(value)) return value;
  return value.byteLength === value.buffer.byteLength ? value : value.slice();
}
