import type { Writable } from 'node:stream';
import { BarView } from './bar.js';
import { LinesView } from './lines.js';
import type { Meter } from './meter.js';

/** stderr, as far as progress needs to know it. */
export type Terminal = Writable & { isTTY?: boolean };

/** How progress is shown. Messages go through it, so that they and a bar do not write over each other. */
export interface View {
  /** The model is being loaded, or something else is done to it; `fraction` is 0 to 1. */
  loading(fraction: number, what?: string): void;
  show(meter: Meter): void;
  /** A line of its own: a failure, which even `quiet` shows. */
  message(line: string): void;
  /** A line at the end on what was done. */
  summary(line: string): void;
  /** Nothing more to show; before anything else is written. */
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere; `quiet` leaves only messages. */
export function viewOn(stderr: Terminal, quiet: boolean): View {
  if (quiet) return new QuietView(stderr);
  return stderr.isTTY === true ? new BarView(stderr) : new LinesView(stderr);
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
