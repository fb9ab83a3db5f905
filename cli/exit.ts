/** What the program ends with (design §6); a signal adds its number to 128, as shells do. */
export const EXIT = {
  /** Everything was done. */
  done: 0,
  /** Some documents failed: each is named on stderr, the others are written. */
  someFailed: 1,
  /** The arguments or the model cannot be used, or the output cannot be written. */
  unusable: 2,
} as const;

/** Arguments that cannot be used. The message is a sentence for the person who typed them. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The reader of stdout has gone, as `| head -1` does: an ordinary way to end, not an error to report. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** A signal asked the program to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP';

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }

  get exitCode(): number {
    return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[this.signal];
  }
}

/**
 * Turns signals into an abort, so that what was computed gets written. A second signal means it: the process ends at
 * once.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const reason = new Interrupted(name);
      if (controller.signal.aborted) process.exit(reason.exitCode);
      controller.abort(reason);
    });
  }
  return controller.signal;
}
