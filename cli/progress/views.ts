import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Meter } from './meter.js';

/** stderr, as far as progress needs to know it. */
export type Terminal = Writable & { isTTY?: boolean };

/** What is shown of a run: how much is done, null where that is not known, and a few words. */
export type Shown = Pick<Meter, 'fraction' | 'status'>;

/** How progress is shown. Messages go through it, so that they and a bar do not write over each other. */
export interface View {
  /** The model is being loaded, or `what` is being done; `fraction` is 0 to 1. */
  loading(fraction: number, what?: string): void;
  show(meter: Shown): void;
  /** A line of its own: a failure, which even `quiet` shows. */
  message(line: string): void;
  /** A line at the end on what was done. */
  summary(line: string): void;
  /** Ends the view, before anything else is written. */
  end(): void;
}

/** Default label of a fraction. */
const LOADING = 'loading the model';

/** A bar on a terminal, plain lines elsewhere; `quiet` leaves only messages. */
export function viewOn(stderr: Terminal, quiet: boolean): View {
  if (quiet) return new QuietView(stderr);
  return stderr.isTTY === true ? new BarView(stderr) : new LinesView(stderr);
}

/** A bar on a terminal, redrawn in place and gone at the end. */
export class BarView implements View {
  readonly #stderr: Terminal;
  #bar: SingleBar | null = null;
  /** Format of the bar, which is fixed from its start to its end. */
  #format: string | null = null;

  constructor(stderr: Terminal) {
    this.#stderr = stderr;
  }

  loading(fraction: number, what = LOADING): void {
    this.#open(`${what} {bar} {percentage} %`).update(fraction);
  }

  show(meter: Shown): void {
    const { fraction } = meter;
    const format = fraction === null ? '{status}' : '{bar} {percentage} % {status}';
    this.#open(format).update(fraction ?? 0, { status: meter.status });
  }

  message(line: string): void {
    // The next progress update draws the bar again, below the message.
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

/** Minimum time between two lines: a log is not a terminal. */
const LINE_INTERVAL_MS = 5000;

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

  show(meter: Shown): void {
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
    if (this.#now() - this.#last < LINE_INTERVAL_MS) return;
    this.#last = this.#now();
    this.message(text());
  }
}

class QuietView implements View {
  readonly #stderr: Terminal;

  constructor(stderr: Terminal) {
    this.#stderr = stderr;
  }

  loading(): void {}

  show(): void {}

  message(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  summary(): void {}

  end(): void {}
}
