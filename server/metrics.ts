import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Workload } from '../lib/index.js';
import type { Admission } from './admission.js';
import type { ModelPool, PoolEvent } from './models/model-pool.js';

/** A part of a request that is timed: `embed` is the wait for the model and the computation. */
export type Stage = 'tokenize' | 'embed';

/** A long document takes minutes. */
const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 600];
const TOKENS = [8, 32, 128, 512, 2048, 8192, 32_768, 131_072, 524_288];

/** What /metrics tells. Every server has its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'endpoint' | 'status' | 'code'>;
  readonly #duration: Histogram<'endpoint'>;
  readonly #stages: Record<Stage, Histogram>;
  readonly #tokens: Histogram;
  readonly #inputs: Counter;
  readonly #events: Counter<'model' | 'event'>;

  constructor() {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'longembed_request_count',
      help: 'Requests by endpoint, status and error code',
      labelNames: ['endpoint', 'status', 'code'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'longembed_request_duration_seconds',
      help: 'Time from the arrival of a request to its answer',
      labelNames: ['endpoint'],
      buckets: SECONDS,
      registers,
    });
    const stage = (name: string, help: string): Histogram =>
      new Histogram({ name, help, buckets: SECONDS, registers });
    this.#stages = {
      tokenize: stage('longembed_request_tokenization_duration_seconds', 'Time to tokenize the inputs'),
      embed: stage(
        'longembed_request_inference_duration_seconds',
        'Time in the queue of the model and to compute',
      ),
    };
    this.#tokens = new Histogram({
      name: 'longembed_request_input_tokens',
      help: 'Tokens of a request, prompts and special tokens included',
      buckets: TOKENS,
      registers,
    });
    this.#inputs = new Counter({ name: 'longembed_inputs_total', help: 'Inputs embedded', registers });
    this.#events = new Counter({
      name: 'longembed_model_events_total',
      help: 'Models loaded, unloaded, and failed to load',
      labelNames: ['model', 'event'],
      registers,
    });
  }

  /** Adds what is read when the metrics are. */
  watch(admission: Admission, pool: ModelPool): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'longembed_queue_size',
      help: 'Requests that wait or are computed',
      registers,
      collect() {
        this.set(admission.load.requests);
      },
    });
    new Gauge({
      name: 'longembed_queue_tokens',
      help: 'Their tokens',
      registers,
      collect() {
        this.set(admission.load.tokens);
      },
    });
    new Gauge({
      name: 'longembed_model_memory_bytes',
      help: 'Size of the weights of each model; 0: not loaded',
      labelNames: ['model'],
      registers,
      collect() {
        for (const { id, info } of pool.models)
          this.set({ model: id }, pool.loaded(id) === null ? 0 : info.sizeBytes);
      },
    });
    const workload = (name: string, help: string, of: (load: Workload) => number): void => {
      new Gauge({
        name,
        help,
        labelNames: ['model'],
        registers,
        collect() {
          for (const { id } of pool.models) {
            const load = pool.loaded(id)?.workload;
            this.set({ model: id }, load === undefined ? 0 : of(load));
          }
        },
      });
    };
    workload(
      'longembed_model_waiting_tokens',
      'Tokens that wait for the model',
      (load) => load.waitingTokens,
    );
    workload('longembed_batch_tokens', 'Tokens that are being computed', (load) => load.runningTokens);
    workload('longembed_batch_size', 'Documents with tokens among them', (load) => load.runningDocuments);
  }

  /** Adds the figures of the process: memory, processor time, the event loop. For programs that are only a server. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @returns what ends the measurement */
  time(stage: Stage): () => void {
    return this.#stages[stage].startTimer();
  }

  /** @param code of the error; empty: none */
  answered(endpoint: string, status: number, code: string, seconds: number): void {
    this.#requests.inc({ endpoint, status: String(status), code });
    this.#duration.observe({ endpoint }, seconds);
  }

  embedded(inputs: number, tokens: number): void {
    this.#inputs.inc(inputs);
    this.#tokens.observe(tokens);
  }

  model({ id, type }: PoolEvent): void {
    this.#events.inc({ model: id, event: type });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
