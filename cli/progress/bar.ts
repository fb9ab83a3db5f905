import { SingleBar } from 'cli-progress';
import { LOADING } from './format.js';
import type { Meter } from './meter.js';
import type { Terminal, View } from './view.js';

/** A bar on a terminal, redrawn in place and gone at the end. */
export class BarView implements View {
  readonly #stderr: Terminal;
  #bar: SingleBar | null = null;
  /** Of the bar: it bears one from its begin to its end. */
  #format: string | null = null;

  constructor(stderr: Terminal) {
    this.#stderr = stderr;
  }

  loading(fraction: number, what = LOADING): void {
    this.#open(`${what} {bar} {percentage} %`).update(fraction);
  }

  show(meter: Meter): void {
    const { fraction } = meter;
    const format = fraction === null ? '{status}' : '{bar} {percentage} % {status}';
    this.#open(format).update(fraction ?? 0, { status: meter.status });
  }

  message(line: string): void {
    // The bar comes back below the message with the next sign of progress.
    this.end();
    this.#stderr.write(`${line}\n`);
  }

  summary(line: string): void {
    this.message(line);
  }

  readonly end = (): void => {
    process.off('exit', this.end);
    this.#bar?.stop();
    this.#bar = null;
    this.#format = null;
  };

  #open(format: string): SingleBar {
    if (this.#bar !== null && this.#format === format) return this.#bar;
    this.end();
    this.#format = format;
    this.#bar = new SingleBar({
      format,
      stream: this.#stderr,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      // The program handles signals itself: what was computed has to be written first.
      gracefulExit: false,
    });
    this.#bar.start(1, 0, { status: '' });
    // A second signal ends the process at once: the cursor must come back even then.
    process.once('exit', this.end);
    return this.#bar;
  }
}
