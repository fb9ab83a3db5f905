import type { Admission } from './admission.js';
import { toApiError } from './api-error.js';
import type { BodyLimits } from './http/body.js';
import type { Metrics, Stage } from './metrics.js';
import type { ModelPool } from './models/model-pool.js';
import type { Model, ServedModel } from './models/served-model.js';
import type { Policy } from './settings.js';

/** What the requests of a server share. */
export interface Services {
  readonly pool: ModelPool;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly policy: Policy;
  /** Inputs of a request, at most. */
  readonly maxInputs: number;
  /** What a request's body may hold. */
  readonly bodyLimits: BodyLimits;
}

/** One request and what it has come to: logs and metrics read it. */
export class Exchange {
  /** Comes back in the answer's x-request-id. */
  readonly id: string;
  readonly services: Services;
  readonly started = performance.now();
  /** The model that it is for; null: none, or not known yet. */
  model: string | null = null;
  inputs = 0;
  /** Tokens that were admitted. */
  tokens = 0;
  readonly #controller = new AbortController();

  constructor(id: string, services: Services) {
    this.id = id;
    this.services = services;
  }

  /** Aborted when the client hangs up or the server ends. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Runs `work` with the model, once it is loaded. @throws ApiError */
  async withModel<T>(served: ServedModel, work: (model: Model) => Promise<T>): Promise<T> {
    const { pool, admission } = this.services;
    try {
      admission.check();
      return await pool.use(served, this.signal, work);
    } catch (error) {
      throw toApiError(error);
    }
  }

  /** Runs `work` as soon as the queue has room for its tokens. @throws ApiError 429, 413 */
  async admitted<T>(tokens: number, work: () => Promise<T>): Promise<T> {
    const ticket = this.services.admission.admit(tokens);
    this.tokens += tokens;
    let done = false;
    try {
      const result = await this.timed('embed', work);
      done = true;
      return result;
    } finally {
      ticket.release(done);
    }
  }

  /** Measures a stage of the request. */
  async timed<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const stop = this.services.metrics.time(stage);
    try {
      return await work();
    } finally {
      stop();
    }
  }
}
