import { type Command, InvalidArgumentError } from 'commander';
import type { Counts } from '../queue/manifest.js';
import type { MetricsAddress, RunMetrics, RunProgress, ServedMetrics } from '../queue/run-metrics.js';
import { parsePort } from './options.js';
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

function metricsAddress(text: string): MetricsAddress {
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d+)$/.exec(text) ?? [];
  const port = parsePort(digits);
  if (port === null) {
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
  #metrics: RunMetrics | null = null;
  #served: ServedMetrics | null = null;

  /** @param address undefined: not asked for */
  static async open(
    command: 'embed' | 'worker',
    address: MetricsAddress | undefined,
    view: View,
  ): Promise<Metrics> {
    const opened = new Metrics();
    if (address === undefined) return opened;
    // Loaded on demand: few runs need it.
    const { RunMetrics: Loaded } = await import('../queue/run-metrics.js');
    opened.#metrics = new Loaded(command, () => (opened.meter === null ? null : progressOf(opened.meter)));
    opened.#served = await opened.#metrics.serve(address);
    view.message(`longembed: metrics on port ${opened.#served.port}`);
    return opened;
  }

  shardDone(counts: Counts): void {
    this.#metrics?.shardDone(counts);
  }

  shardFailed(): void {
    this.#metrics?.shardFailed();
  }

  close(): void {
    this.#served?.close();
  }
}
