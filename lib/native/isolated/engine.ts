import { resolve } from 'node:path';
import { LongEmbedError } from '../../error.js';
import type { NativeJob, NativeLoadOptions } from '../types.js';
import { Calls, describeCalls, type NewCall, type Call } from './calls.js';
import { deathError, type Death } from './death.js';
import { LOAD, type Answer, type Loaded, type Value } from './messages.js';
import { exists, fingerprint } from '../../model-files.js';
import { Session, type Loading, type Start } from './process.js';

/** Deaths in a row, without a batch computed in between, after which the process is not started again. */
export const MAX_DEATHS = 3;

/**
 * Stops restarts of a process that dies repeatedly: it would probably die again, and each start loads the model. Only
 * batches count as success, since they need the memory and the kernels; only deaths at work count, since an idle
 * process that dies costs no more than a start at the next call.
 */
export class RestartLimit {
  #deaths = 0;

  get reached(): boolean {
    return this.#deaths >= MAX_DEATHS;
  }

  died(): void {
    this.#deaths++;
  }

  computed(): void {
    this.#deaths = 0;
  }
}

const GIVEN_UP = `It died ${MAX_DEATHS} times in a row without computing anything and is not started again: dispose of the model and load it anew.`;
const STARTS_AGAIN = 'The next call starts it again.';

/** A model in a separate process, which is restarted after it has died. */
export class IsolatedEngine {
  readonly #start: Start;
  readonly #path: string;
  readonly #options: NativeLoadOptions;
  /** Fingerprint of the files loaded first: a restart must not load another model. */
  readonly #fingerprint: string;
  readonly #calls = new Calls();
  readonly #limit = new RestartLimit();
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

  /** @throws DataCloneError when the request cannot be sent to another process */
  call(request: NewCall, onProgress: ((fraction: number) => void) | null): NativeJob<Value> {
    if (this.#refusal !== null) return { promise: Promise.reject(this.#refusal()), cancel: () => undefined };
    const call = this.#calls.add(request, onProgress);
    try {
      if (this.#session === null) this.#restart();
      else if (this.#session.loaded) this.#session.send(call.request);
    } catch (error) {
      this.#calls.answered(call.request.id);
      throw error;
    }
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
    await this.#session?.end();
  }

  #cancel(call: Call): void {
    const session = this.#session?.loaded === true ? this.#session : null;
    if (!this.#calls.cancel(call, session !== null)) return;
    call.reject(aborted());
    session?.send({ kind: 'cancel', id: call.request.id });
    this.#updateRef();
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

  /** Starts the process again for the calls that wait. */
  #restart(): void {
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
      for (const { request } of this.#calls) session.send(request);
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
      case 'began': {
        const call = this.#calls.get(answer.id);
        if (call !== undefined) call.began = true;
        return;
      }
      case 'progress':
        if (answer.id === LOAD) onLoadProgress?.(answer.fraction);
        else this.#calls.get(answer.id)?.onProgress?.(answer.fraction);
        return;
      case 'done': {
        const call = this.#calls.answered(answer.id);
        if (call?.request.kind === 'embed') this.#limit.computed();
        call?.resolve(withOwnMemory(answer.value));
        break;
      }
      case 'failed':
        this.#calls.answered(answer.id)?.reject(new LongEmbedError(answer.code, answer.message));
    }
    this.#updateRef();
  }

  #ended(session: Session, death: Death): void {
    if (session !== this.#session) return;
    this.#session = null;
    // An idle process loses no work when it dies: the next call restarts it silently.
    if (this.#refusal !== null || !this.#calls.working) return;
    if (death.notStarted === undefined) this.#limit.died();
    const lost = session.loaded ? this.#calls.takeInFlight() : this.#calls.takeAll();
    const doing = session.loaded ? describeCalls(lost) : 'loaded the model again';
    if (this.#limit.reached) {
      lost.push(...this.#calls.takeAll());
      this.#refusal = () => deathError(death, doing, GIVEN_UP);
    }
    const error = this.#refusal ?? (() => deathError(death, doing, STARTS_AGAIN));
    for (const call of lost) call.reject(error());
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
