import type { BenchProgress } from '../bench/index.js';
import { count, duration } from '../lib/format.js';
import { Meter } from './progress/meter.js';

/** The progress of a benchmark as the views of the command line show progress. */
export class BenchMeter extends Meter {
  #progress: BenchProgress | null = null;

  constructor() {
    super(null);
  }

  update(progress: BenchProgress): void {
    this.#progress = progress;
    this.documents = progress.computed;
  }

  override get tokensDone(): number {
    return this.#progress?.tokensDone ?? 0;
  }

  override get tokensPerSecond(): number {
    return this.#progress?.tokensPerSecond ?? 0;
  }

  override get fraction(): number | null {
    return this.#progress?.fraction ?? null;
  }

  override get secondsLeft(): number | null {
    return this.#progress?.secondsLeft ?? null;
  }

  /** The current place, the speed of the last text, and the estimated time left. */
  override get status(): string {
    const now = this.#progress;
    if (now === null) return '';
    const speed =
      now.last === null ? now.tokensPerSecond : now.last.tokens / Math.max(now.last.seconds, 1e-6);
    return [
      `${now.model}, ${now.extend}, ${now.task} ${now.split}`,
      `${NAMES[now.kind]} ${count(now.textsDone)} of ${count(now.texts)}`,
      ...(speed > 0 ? [`${count(speed)} tokens/s`] : []),
      ...(now.secondsLeft === null ? [] : [`${duration(now.secondsLeft)} left`]),
    ].join(', ');
  }
}

const NAMES = { document: 'documents', query: 'queries' } as const;
