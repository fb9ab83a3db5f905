import { BarView } from './bar.js';
import { LinesView } from './lines.js';
import type { Terminal, View } from './view.js';

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
