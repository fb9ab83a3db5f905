import { LOADING } from './format.js';
import type { Meter } from './meter.js';
import type { Terminal, View } from './view.js';

/** A line at most so often, in seconds: a log is not a terminal. */
const EVERY = 5;

/** Plain lines, for logs and pipes. */
export class LinesView implements View {
  readonly #stderr: Terminal;
  readonly #now: () => number;
  #last: number;

  constructor(stderr: Terminal, now: () => number = () => performance.now()) {
    this.#stderr = stderr;
    this.#now = now;
    this.#last = now();
  }

  loading(fraction: number, what = LOADING): void {
    this.#line(() => `longembed: ${what}, ${Math.floor(fraction * 100)} %`);
  }

  show(meter: Meter): void {
    this.#line(() => {
      const { fraction } = meter;
      return `longembed: ${fraction === null ? '' : `${Math.floor(fraction * 100)} %, `}${meter.status}`;
    });
  }

  message(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  summary(line: string): void {
    this.message(line);
  }

  end(): void {}

  #line(text: () => string): void {
    if (this.#now() - this.#last < EVERY * 1000) return;
    this.#last = this.#now();
    this.message(text());
  }
}
