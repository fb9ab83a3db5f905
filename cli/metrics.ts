import { type Command, InvalidArgumentError } from 'commander';
import type { MetricsAddress, RunMetrics, RunProgress, ServedMetrics } from '../queue/run-metrics.js';
import type { Meter } from './progress/meter.js';
import type { View } from './progress/views.js';

/** Adds --metrics. */
export function addMetricsOption(command: Command): Command {
  return command.option(
    '--metrics <[host:]port>',
    "serve Prometheus's GET /metrics on a port of this machine alone, or of an address; 0: any, named on standard error",
    metricsAddress,
  );
}

const MAX_PORT = 65_535;

function metricsAddress(text: string): MetricsAddress {
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > MAX_PORT) {
    throw new InvalidArgumentError(
      'It must be a port, such as 9400, or an address and a port: 0.0.0.0:9400 for all of the machine.',
    );
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** How far a meter is. */
export function progressOf(meter: Meter): RunProgress {
  const { documents, failed, tokensDone: tokens, tokensPerSecond, secondsLeft } = meter;
  return { fraction: meter.fraction ?? 0, documents, failed, tokens, tokensPerSecond, secondsLeft };
}

/** A run's metrics, if they are asked for. */
export class Metrics {
  /** Of the run, or of the shard at hand. */
  meter: Meter | null = null;
  readonly #metrics: RunMetrics | null;
  readonly #served: ServedMetrics | null;

  private constructor(metrics: RunMetrics | null, served: ServedMetrics | null) {
    this.#metrics = metrics;
    this.#served = served;
  }

  /** @param address undefined: not asked for */
  static async open(
    command: 'embed' | 'worker',
    address: MetricsAddress | undefined,
    view: View,
  ): Promise<Metrics> {
    if (address === undefined) return new Metrics(null, null);
    // Loaded on demand: few runs need it.
    const { RunMetrics: Loaded } = await import('../queue/run-metrics.js');
    let opened: Metrics | null = null;
    const metrics = new Loaded(command, () => {
      const meter = opened?.meter ?? null;
      return meter === null ? null : progressOf(meter);
    });
    const served = await metrics.serve(address);
    view.message(`longembed: metrics on port ${served.port}`);
    opened = new Metrics(metrics, served);
    return opened;
  }

  shardDone(counts: Parameters<RunMetrics['shardDone']>[0]): void {
    this.#metrics?.shardDone(counts);
  }

  shardFailed(): void {
    this.#metrics?.shardFailed();
  }

  close(): void {
    this.#served?.close();
  }
}
