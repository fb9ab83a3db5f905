import { createServer } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Counts } from './manifest.js';
import { invalid } from './shard.js';

/** How far a run is, or a worker with the shard at hand. */
export interface RunProgress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly documents: number;
  readonly failed: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** null while they cannot be estimated. */
  readonly secondsLeft: number | null;
}

/** Where metrics are served. */
export interface MetricsAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Metrics that are served. */
export interface ServedMetrics {
  readonly port: number;
  readonly close: () => void;
}

/** What each command calls what it is at. */
const AT_HAND = { worker: 'the shard at hand', embed: 'the run, or the shard at hand' } as const;

/** What /metrics tells of `longembed embed` or of a worker, for Prometheus. */
export class RunMetrics {
  readonly #registry = new Registry();
  readonly #documents: Counter<'outcome'>;
  readonly #tokens: Counter;
  readonly #shards: Counter<'outcome'>;

  /**
   * @param command stands in all names
   * @param current what is at hand; null: nothing
   */
  constructor(command: keyof typeof AT_HAND, current: () => RunProgress | null) {
    const registers = [this.#registry];
    this.#documents = new Counter({
      name: `longembed_${command}_documents_total`,
      help: 'Documents of finished shards',
      labelNames: ['outcome'],
      registers,
    });
    this.#tokens = new Counter({
      name: `longembed_${command}_tokens_total`,
      help: 'Tokens of finished shards',
      registers,
    });
    this.#shards = new Counter({
      name: `longembed_${command}_shards_total`,
      help: 'Shards that were finished, and attempts that failed',
      labelNames: ['outcome'],
      registers,
    });
    const gauge = (name: string, help: string, of: (progress: RunProgress) => number): void => {
      new Gauge({
        name: `longembed_${command}_${name}`,
        help,
        registers,
        collect() {
          const progress = current();
          this.set(progress === null ? 0 : of(progress));
        },
      });
    };
    const it = AT_HAND[command];
    gauge('shard_fraction', `Done of ${it}, 0 to 1`, ({ fraction }) => fraction);
    gauge('shard_documents', `Documents done of ${it}`, ({ documents }) => documents);
    gauge('shard_failed', `Documents that failed of ${it}`, ({ failed }) => failed);
    gauge('shard_tokens', `Tokens computed of ${it}`, ({ tokens }) => tokens);
    gauge('tokens_per_second', `Speed on ${it}`, ({ tokensPerSecond }) => tokensPerSecond);
    gauge(
      'seconds_left',
      `Estimated time left for ${it}; NaN while it cannot be estimated`,
      ({ secondsLeft }) => secondsLeft ?? Number.NaN,
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
   * Serves GET /metrics.
   * @throws LongEmbedError ERR_INVALID_OPTION when the port cannot be had
   */
  async serve({ host, port }: MetricsAddress): Promise<ServedMetrics> {
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
            `Cannot serve metrics on ${host}, port ${port}: ${error.code ?? error.message}. Choose another.`,
            error,
          ),
        ),
      );
      server.listen(port, host, resolve);
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
