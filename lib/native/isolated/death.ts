import { LongEmbedError, startFailure } from '../../error.js';

/** How an engine process ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last of what it wrote to its standard error. */
  readonly output: string;
  /** The system's error when the process could not be started. */
  readonly notStarted?: Error;
}

/** The line that an assertion, an exception or a fatal error of Node's writes. */
const SAYS_WHY = /GGML_ASSERT|GGML_ABORT|what\(\):|FATAL ERROR|error( \[\w+\])?: /i;

/**
 * The error of a call that a process took with it.
 * @param doing its work, to follow "while it"
 * @param next a sentence on later calls
 */
export function deathError(death: Death, doing: string, next: string): LongEmbedError {
  const cause = death.notStarted ?? (death.output === '' ? undefined : new Error(death.output));
  return new LongEmbedError('ERR_BACKEND', `${sentence(death, doing)} ${next}`, { cause });
}

function sentence(death: Death, doing: string): string {
  const { notStarted } = death;
  if (notStarted !== undefined) {
    const reason = startFailure(
      notStarted,
      '--allow-child-process allows it, isolate: false needs no process',
    );
    return `The process that computes could not be started: ${withoutStop(reason)}.`;
  }
  const reason = reasonOf(death);
  return `The process that computes ${wayOf(death)} while it ${doing}${reason === '' ? '' : `: ${withoutStop(reason)}`}.`;
}

function wayOf({ code, signal }: Death): string {
  if (signal === 'SIGKILL') return 'was ended by SIGKILL (the system does that when memory runs out)';
  if (signal !== null) return `was ended by ${signal}`;
  // Windows reports a crash as a number that is usually written in this form.
  return `ended with exit code ${code !== null && code > 0xffff ? `0x${code.toString(16)}` : String(code)}`;
}

/** The line of its output with the reason; empty when there is none. */
function reasonOf({ output, signal }: Death): string {
  const lines = output.split('\n').map((line) => line.trim());
  // Code that calls abort() prints the reason first. Other signals come unannounced: the last line is unrelated.
  const last = signal === 'SIGABRT' ? lines.at(-1) : undefined;
  return lines.findLast((line) => SAYS_WHY.test(line)) ?? last ?? '';
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
