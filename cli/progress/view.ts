import type { Writable } from 'node:stream';
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
