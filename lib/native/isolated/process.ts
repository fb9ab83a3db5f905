import { fork, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { parse } from 'node:path';
import { type Entry, processEntry } from '../../entry.js';
import type { Death } from './death.js';
import { type Answer, type Request, LOAD, type Loaded, type LoadRequest } from './messages.js';

/** How the engine process is started. The parent's own Node options (inspector ports, loaders, `--eval`) are left out. */
export interface Start extends Entry {
  env: NodeJS.ProcessEnv;
  cwd: string;
}

export function engineStart(): Start {
  return {
    ...processEntry(new URL('./child', import.meta.url)),
    env: childEnvironment(process.env),
    cwd: workingFolder(),
  };
}

/** A process cannot start in a folder that was deleted. Relative paths mean nothing then: in the root nothing is found by chance. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return parse(process.execPath).root;
  }
}

export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options, ...others } = env;
  const kept = options === undefined ? '' : withoutInspector(options);
  return {
    // ggml would attach a debugger to itself before it aborts, which can take seconds; with logging on, it may be wanted.
    ...(logWanted(env) ? {} : { GGML_NO_BACKTRACE: '1' }),
    ...others,
    ...(kept === '' ? {} : { NODE_OPTIONS: kept }),
  };
}

/** Whether llama.cpp's and ggml's log is shown: docs/engine.md. */
export function logWanted(env: NodeJS.ProcessEnv): boolean {
  return env['LONGEMBED_LOG'] !== undefined && env['LONGEMBED_LOG'] !== '0';
}

/** The inspector's port is the parent's, and with --inspect-brk the process would wait for a debugger that never comes. */
function withoutInspector(options: string): string {
  return options
    .replace(/(^|\s)--(inspect-port|debug-port|inspect-publish-uid)[=\s]\s*\S+/g, '')
    .replace(/(^|\s)--inspect(-\w+)?(=\S+)?(?=\s|$)/g, '')
    .trim();
}

/** Characters of output that are kept. */
const MAX_TAIL = 8192;

/** The end of the engine process's standard error: when it crashes, that usually has the reason. */
class OutputTail {
  #text = '';

  get text(): string {
    return this.#text.trim();
  }

  add(piece: string): void {
    this.#text = (this.#text + piece).slice(-MAX_TAIL);
  }
}

/**
 * Time between the first sign of the process's end and giving up on the rest. A process that it started may hold its output
 * open, and a process that has closed its channel may never exit.
 */
const EXIT_TIMEOUT_MS = 1000;

/** The engine process, from its start to its end. */
export class EngineProcess {
  /** Resolves when the process is gone and all its output has been read. */
  readonly ended: Promise<Death>;
  #child: ChildProcess | null = null;
  readonly #output = new OutputTail();
  #ref = true;

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

  /** Does nothing once the process is gone, which `ended` reports. @throws DataCloneError */
  send(request: Request): void {
    if (this.#child?.connected === true) this.#child.send(request, () => undefined);
  }

  /** Keeps the parent's event loop alive while this process lives, or no longer does. */
  setRef(ref: boolean): void {
    const child = this.#child;
    if (child === null || ref === this.#ref) return;
    this.#ref = ref;
    const handles: ({ ref?: () => unknown; unref?: () => unknown } | null | undefined)[] = [
      child,
      child.channel,
      child.stderr instanceof Socket ? child.stderr : null,
    ];
    for (const handle of handles) {
      // In Bun the channel has neither.
      if (ref) handle?.ref?.();
      else handle?.unref?.();
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
      // Its output goes into error messages, not into the terminal or the output of the library's user.
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
    // Errors of `send` and `kill` come here as well when the process exists: its end is reported anyway.
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
    const timer = setTimeout(act, EXIT_TIMEOUT_MS);
    if (!this.#ref) timer.unref();
    void this.ended.then(() => clearTimeout(timer));
  }
}

function notStarted(error: unknown): Death {
  const reason = error instanceof Error ? error : new Error(String(error));
  return { code: null, signal: null, output: '', notStarted: reason };
}

/** Time a process has to free its model and exit by itself. */
const DISPOSE_TIMEOUT_MS = 3000;

/** The outcome of loading. */
export type Loading = Loaded | Extract<Answer, { kind: 'failed' }> | { kind: 'died'; death: Death };

/** A process with a model in it, from the start of loading to the process's end. */
export class Session {
  readonly loading: Promise<Loading>;
  readonly ended: Promise<Death>;
  readonly #process: EngineProcess;
  #loaded = false;

  constructor(start: Start, load: LoadRequest, onAnswer: (answer: Answer) => void) {
    let settle!: (loading: Loading) => void;
    this.loading = new Promise((resolve) => {
      settle = resolve;
    });
    this.#process = new EngineProcess(start, (answer) => {
      if (answer.kind === 'loaded') {
        this.#loaded = true;
        settle(answer);
      } else if (answer.kind === 'failed' && answer.id === LOAD) {
        this.kill();
        settle(answer);
      } else {
        onAnswer(answer);
      }
    });
    this.ended = this.#process.ended;
    void this.ended.then((death) => settle({ kind: 'died', death }));
    this.#process.send(load);
  }

  /** Whether it takes calls. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** @throws DataCloneError */
  send(request: Request): void {
    this.#process.send(request);
  }

  /** Keeps the parent's event loop alive while the process lives, or no longer does. */
  setRef(ref: boolean): void {
    this.#process.setRef(ref);
  }

  /** Kills the process, whatever it is doing, without waiting for its end. */
  kill(): void {
    this.#process.kill();
    this.setRef(false);
  }

  /** Has the model freed and waits for the process to end. */
  async end(): Promise<void> {
    this.setRef(true);
    if (!this.#loaded) this.#process.kill();
    this.send({ kind: 'dispose' });
    const timeout = setTimeout(() => this.#process.kill(), DISPOSE_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timeout);
  }
}
