import { setTimeout } from 'node:timers/promises';

/** Exit codes (design §6); for a signal it is 128 plus its number, as in shells. */
export const EXIT = {
  /** Everything was done. */
  done: 0,
  /** Some documents failed: each is named on stderr, the others are written. */
  someFailed: 1,
  /** The arguments or the model cannot be used, or the output cannot be written. */
  unusable: 2,
} as const;

/** Unusable arguments. The message is a sentence for the user. */
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
 * Turns signals into an abort, so that finished results are written. A second signal ends the process at once.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const reason = new Interrupted(name);
      if (controller.signal.aborted) void endBy(reason);
      else controller.abort(reason);
    });
  }
  return controller.signal;
}

/** How long operations on files may take to end. */
const FILES_MS = 250;
/** How often they are looked at. */
const LOOK_MS = 5;

/**
 * Ends the process as a signal asks. `process.exit` waits for the operations on files that are running, and one on a named pipe
 * may wait for the other end of it forever: then the signal itself ends the process, after the exit hooks. Shells report both alike.
 */
export async function endBy({ signal, exitCode }: Interrupted): Promise<never> {
  for (let waited = 0; usesFiles() && waited < FILES_MS; waited += LOOK_MS) await setTimeout(LOOK_MS);
  // The last of the hooks: those before it remove partial files.
  process.once('exit', () => {
    if (!usesFiles()) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  process.exit(exitCode);
}

/** Whether an operation on a file is running. */
function usesFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
