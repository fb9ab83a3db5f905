import { LOAD, type CallRequest, type Value } from './messages.js';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
/** A request without its id, which `Calls` assigns. */
export type NewCall = WithoutId<CallRequest>;

/** An open call on an isolated model. */
export interface Call {
  /** The message. It holds the caller's arrays, not copies, because it may have to be sent again. */
  readonly request: CallRequest;
  readonly onProgress: ((fraction: number) => void) | null;
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
  /** The process has said that the batch arrived. */
  began: boolean;
  /** A process died while it was open, and it is retried. */
  kept: boolean;
}

/** The calls on an isolated model, in the order in which they came; a process computes batches in the same order. */
export class Calls {
  readonly #open = new Map<number, Call>();
  /** Cancelled batches that the process may still be computing. */
  readonly #cancelled = new Set<number>();
  #lastId = LOAD;

  get open(): number {
    return this.#open.size;
  }

  /** Whether a process has anything to do. */
  get working(): boolean {
    return this.#open.size + this.#cancelled.size > 0;
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#open.values();
  }

  add(newCall: NewCall, onProgress: Call['onProgress']): Call {
    const id = ++this.#lastId;
    let resolve!: Call['resolve'];
    let reject!: Call['reject'];
    const promise = new Promise<Value>((...both) => {
      [resolve, reject] = both;
    });
    const call = {
      request: { ...newCall, id },
      onProgress,
      promise,
      resolve,
      reject,
      began: false,
      kept: false,
    };
    this.#open.set(id, call);
    return call;
  }

  get(id: number): Call | undefined {
    return this.#open.get(id);
  }

  /** Removes a call that was answered; undefined when it was cancelled. */
  answered(id: number): Call | undefined {
    const call = this.#open.get(id);
    this.#open.delete(id);
    this.#cancelled.delete(id);
    return call;
  }

  /**
   * Takes out a call.
   * @param sent whether a process has it
   * @returns whether it was there
   */
  cancel({ request }: Call, sent: boolean): boolean {
    if (!this.#open.delete(request.id)) return false;
    if (sent && request.kind !== 'tokenize') this.#cancelled.add(request.id);
    return true;
  }

  /**
   * The process has died: takes out the calls that it took with it. That is the batch that it was computing; those behind it
   * had not begun, so they are kept for the next process. Texts are tokenized on other threads meanwhile: whether one of
   * them was the cause shows when it is tried once more.
   */
  takeInFlight(): Call[] {
    const begun = [...this].filter(({ began }) => began).map(({ request }) => request.id);
    const computing = Math.min(...begun, ...this.#cancelled);
    this.#cancelled.clear();
    const lost = [...this].filter(
      ({ request, kept }) => request.id === computing || (kept && request.kind === 'tokenize'),
    );
    for (const { request } of lost) this.#open.delete(request.id);
    for (const call of this) {
      call.kept = true;
      call.began = false;
    }
    return lost;
  }

  takeAll(): Call[] {
    const all = [...this];
    this.#open.clear();
    this.#cancelled.clear();
    return all;
  }
}

/** A description of the calls that a process was computing, to follow "while it". */
export function describeCalls(calls: readonly Call[]): string {
  const [request] = calls.map(({ request }) => request);
  if (request === undefined) return 'was at work';
  if (request.kind === 'tokenize') return `split a text of ${request.text.length} characters into tokens`;
  const { tokens, lengths } = request.batch;
  if (request.kind === 'memory') return `planned a batch of ${tokens.length} tokens`;
  return lengths.length === 1
    ? `computed a sequence of ${tokens.length} tokens`
    : `computed ${lengths.length} sequences of ${tokens.length} tokens in all`;
}
