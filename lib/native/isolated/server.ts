import { toLongEmbedError, startJob } from '../job.js';
import type { NativeAddon, NativeJob, NativeModel } from '../types.js';
import {
  LOAD,
  type Answer,
  type CallRequest,
  type LoadRequest,
  type Request,
  type Value,
} from './messages.js';

/**
 * Time after which a call is reported as begun. What takes less is not: the message would wake the parent beside the threads
 * that compute. If this process dies in that time, the parent tries the call once more to see whether it was the cause.
 */
const REPORT_AFTER_MS = 20;

/** How the server reaches the process it works for. */
export interface Client {
  send(answer: Answer): void;
  /** The model is freed: nothing more will come. */
  end(): void;
}

/** The engine process's side: serves the requests on one model. */
export class ModelServer {
  readonly #addon: () => NativeAddon;
  readonly #client: Client;
  readonly #jobs = new Map<number, NativeJob<unknown>>();
  #model: NativeModel | null = null;

  constructor(addon: () => NativeAddon, client: Client) {
    this.#addon = addon;
    this.#client = client;
  }

  receive(request: Request): void {
    switch (request.kind) {
      case 'load':
        return void this.#load(request);
      case 'tokenize':
      case 'embed':
      case 'memory':
        return void this.#call(request);
      case 'cancel':
        return this.#jobs.get(request.id)?.cancel();
      case 'dispose':
        return void this.#dispose();
    }
  }

  async #load({ path, options, progress }: LoadRequest): Promise<void> {
    try {
      const addon = this.#addon();
      const onProgress = progress ? this.#reporter(LOAD) : null;
      this.#model = await startJob(() => addon.loadModel(path, options, onProgress)).promise;
      this.#client.send({ kind: 'loaded', facts: this.#model.facts });
    } catch (error) {
      this.#fail(LOAD, error);
    }
  }

  async #call(request: CallRequest): Promise<void> {
    const { id } = request;
    const report = setTimeout(() => this.#client.send({ kind: 'began', id }), REPORT_AFTER_MS);
    const job = startJob<Value>(() => this.#start(request));
    this.#jobs.set(id, job);
    try {
      this.#client.send({ kind: 'done', id, value: await job.promise });
    } catch (error) {
      this.#fail(id, error);
    } finally {
      clearTimeout(report);
      this.#jobs.delete(id);
    }
  }

  #start(request: CallRequest): NativeJob<Value> {
    if (this.#model === null) throw new Error('A call came before the model was loaded.');
    switch (request.kind) {
      case 'tokenize':
        return this.#model.tokenize(request.text);
      case 'embed':
        return this.#model.embed(
          request.batch,
          request.progress ? this.#reporter(request.id) : null,
          request.express,
        );
      case 'memory':
        return this.#model.memory(request.batch);
    }
  }

  /** The native side reports some twenty times a second, which is few enough to pass on unchanged. */
  #reporter(id: number): (fraction: number) => void {
    return (fraction) => this.#client.send({ kind: 'progress', id, fraction });
  }

  #fail(id: number, error: unknown): void {
    const { code, message } = toLongEmbedError(error);
    this.#client.send({ kind: 'failed', id, code, message });
  }

  async #dispose(): Promise<void> {
    await this.#model?.dispose();
    this.#client.end();
  }
}
