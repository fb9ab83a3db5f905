import { createServer } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { JobProgress } from './broker.js';
import type { Counts } from './manifest.js';
import { invalid } from './shard.js';

/** What /metrics tells of a worker, for Prometheus. */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #documents: Counter<'outcome'>;
  readonly #tokens: Counter;
  readonly #shards: Counter<'outcome'>;

  /** @param current the shard at hand; null: none */
  constructor(current: () => JobProgress | null) {
    const registers = [this.#registry];
    this.#documents = new Counter({
      name: 'longembed_worker_documents_total',
      help: 'Documents of finished shards',
      labelNames: ['outcome'],
      registers,
    });
    this.#tokens = new Counter({
      name: 'longembed_worker_tokens_total',
      help: 'Tokens of finished shards',
      registers,
    });
    this.#shards = new Counter({
      name: 'longembed_worker_shards_total',
      help: 'Shards that were finished, and attempts that failed',
      labelNames: ['outcome'],
      registers,
    });
    const gauge = (name: string, help: string, of: (progress: JobProgress) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const progress = current();
          this.set(progress === null ? 0 : of(progress));
        },
      });
    };
    gauge('longembed_worker_shard_fraction', 'Done of the shard at hand, 0 to 1', ({ fraction }) => fraction);
    gauge(
      'longembed_worker_shard_documents',
      'Documents done of the shard at hand',
      ({ documents }) => documents,
    );
    gauge(
      'longembed_worker_tokens_per_second',
      'Speed on the shard at hand',
      ({ tokensPerSecond }) => tokensPerSecond,
    );
  }

  shardDone({ documents, failed, tokens }: Counts): void {
    this.#shards.inc({ outcome: 'done' });
    this.#documents.inc({ outcome: 'embedded' }, documents - failed);
    this.#documents.inc({ outcome: 'failed' }, failed);
    this.#tokens.inc(tokens);
  }

  shardFailed(): void {
    this.#shards.inc({ outcome: 'failed' });
  }

  /**
   * Serves GET /metrics on all addresses.
   * @param port 0: any that is free
   * @returns the port, and what ends it
   * @throws LongEmbedError ERR_INVALID_OPTION when the port cannot be had
   */
  async serve(port: number): Promise<{ readonly port: number; readonly close: () => void }> {
    const server = createServer((request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      this.#registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': this.#registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          invalid(
            `Cannot serve metrics on port ${port}: ${error.code ?? error.message}. Choose another.`,
            error,
          ),
        ),
      );
      server.listen(port, resolve);
    });
    server.unref();
    const address = server.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : port,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  }
}
