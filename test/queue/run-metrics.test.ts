/** What a worker tells Prometheus. */
import { expect, it } from 'vitest';
import { RunMetrics, type RunProgress } from '../../queue/run-metrics.js';

it('tells Prometheus what a worker does', async () => {
  let progress: RunProgress | null = null;
  const metrics = new RunMetrics('worker', () => progress);
  const { port, close } = await metrics.serve({ host: '127.0.0.1', port: 0 });
  const read = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  try {
    expect(await read()).toMatch(/^longembed_worker_shard_fraction 0$/m);
    metrics.shardDone({ documents: 60, failed: 3, truncated: 0, rows: 57, tokens: 999 });
    metrics.shardFailed();
    progress = { fraction: 0.25, documents: 7, failed: 0, tokens: 80, tokensPerSecond: 40, secondsLeft: 9 };
    const text = await read();
    for (const line of [
      'longembed_worker_documents_total{outcome="embedded"} 57',
      'longembed_worker_documents_total{outcome="failed"} 3',
      'longembed_worker_tokens_total 999',
      'longembed_worker_shards_total{outcome="done"} 1',
      'longembed_worker_shards_total{outcome="failed"} 1',
      'longembed_worker_shard_fraction 0.25',
      'longembed_worker_shard_documents 7',
      'longembed_worker_tokens_per_second 40',
      'longembed_worker_seconds_left 9',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await expect(metrics.serve({ host: '127.0.0.1', port })).rejects.toThrow(
      /Cannot serve metrics on 127\.0\.0\.1, port \d+: EADDRINUSE/,
    );
  } finally {
    close();
  }
});
