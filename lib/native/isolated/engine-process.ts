import { fork, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Death } from './death.js';
import type { Answer, Request } from './messages.js';
import { OutputTail } from './output-tail.js';
import { logWanted, type Start } from './start.js';

/**
 * Milliseconds between the first sign of the process's end and the last. Its output may be held open by something that it
 * started, and a process that has closed its channel may never come to its end.
 */
const ENDING = 1000;

/** A process that computes, from its start to its end. */
export class EngineProcess {
  /** Resolves when the process is gone and all it said has been heard. */
  readonly ended: Promise<Death>;
  #child: ChildProcess | null = null;
  readonly #output = new OutputTail();
  #holding = true;

  constructor(start: Start, onAnswer: (answer: Answer) => void) {
    this.ended = new Promise((resolve) => {
      try {
        this.#child = this.#fork(start);
        this.#listen(this.#child, onAnswer, resolve);
      } catch (error) {
        resolve(notStarted(error));
      }
    });
  }

  /** Nobody hears it when the process is gone: `ended` says so. @throws what cannot be cloned */
  send(request: Request): void {
    if (this.#child?.connected === true) this.#child.send(request, () => undefined);
  }

  /** Whether the parent's event loop goes on while this process lives. */
  hold(holding: boolean): void {
    const child = this.#child;
    if (child === null || holding === this.#holding) return;
    this.#holding = holding;
    for (const handle of [child, child.channel, child.stderr instanceof Socket ? child.stderr : null]) {
      if (holding) handle?.ref();
      else handle?.unref();
    }
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #fork({ file, execArgv, env, cwd }: Start): ChildProcess {
    const options = {
      execArgv,
      env,
      cwd,
      serialization: 'advanced',
      // What it writes is for errors' messages, not for the terminal or the output of whoever uses the library.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      windowsHide: true,
    } as const;
    return fork(file, { ...options, stdio: [...options.stdio] });
  }

  #listen(child: ChildProcess, onAnswer: (answer: Answer) => void, resolve: (death: Death) => void): void {
    const print = logWanted(process.env);
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      this.#output.add(piece);
      if (print) process.stderr.write(piece);
    });
    child.on('message', (message) => onAnswer(message as Answer));
    // Errors of `send` and `kill` come here as well, where the process has a number: its end says all there is to say.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(notStarted(error));
    });
    child.on('disconnect', () => this.#unlessEnded(() => this.kill()));
    const died = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ code, signal, output: this.#output.text });
    child.on('exit', (code, signal) => this.#unlessEnded(() => died(code, signal)));
    child.on('close', died);
  }

  #unlessEnded(act: () => void): void {
    const timer = setTimeout(act, ENDING);
    if (!this.#holding) timer.unref();
    void this.ended.then(() => clearTimeout(timer));
  }
}

function notStarted(error: unknown): Death {
  const reason = error instanceof Error ? error : new Error(String(error));
  return { code: null, signal: null, output: '', notStarted: reason };
}
