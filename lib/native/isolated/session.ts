import type { Death } from './death.js';
import { EngineProcess } from './engine-process.js';
import { LOAD, type Answer, type Loaded, type LoadRequest, type Request } from './messages.js';
import type { Start } from './start.js';

/** Milliseconds that a process has to free its model and end by itself. */
const PATIENCE = 3000;

/** What came of loading. */
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

  /** @throws what cannot be cloned */
  send(request: Request): void {
    this.#process.send(request);
  }

  /** Whether the parent's event loop goes on while the process lives. */
  hold(holding: boolean): void {
    this.#process.hold(holding);
  }

  /** Ends the process, whatever it is doing; nobody waits for that. */
  kill(): void {
    this.#process.kill();
    this.hold(false);
  }

  /** Has the model freed and waits for the process to end. */
  async end(): Promise<void> {
    this.hold(true);
    if (!this.#loaded) this.#process.kill();
    this.send({ kind: 'dispose' });
    const impatience = setTimeout(() => this.#process.kill(), PATIENCE);
    await this.ended;
    clearTimeout(impatience);
  }
}
