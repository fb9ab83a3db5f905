import type { BenchProgress } from '../../bench/index.js';
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
}
