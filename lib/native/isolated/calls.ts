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
  /** The process that runs now has it. */
  sent: boolean;
  /** The process has said that it has had the call for a while. */
  began: boolean;
  /** It may have caused the death of a process, as may others, or something else: it is tried once more, alone. */
  suspect: boolean;
}

/** The calls on an isolated model, in the order in which they came; a process computes the batches of a lane in the same order. */
export class Calls {
  readonly #open = new Map<number, Call>();
  /** Cancelled calls that the process may still be computing. */
  readonly #cancelled = new Map<number, CallRequest>();
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
      sent: false,
      began: false,
      suspect: false,
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

  /** The calls that a process may be sent now: all of them, or one suspect at a time, so that a death shows which is to blame. */
  sendable(): Call[] {
    const suspect = [...this].find((call) => call.suspect);
    return (suspect === undefined ? [...this] : [suspect]).filter(({ sent }) => !sent);
  }

  /** Takes out a call. @returns whether it was there */
  cancel({ request, sent }: Call): boolean {
    if (!this.#open.delete(request.id)) return false;
    if (sent) this.#cancelled.set(request.id, request);
    return true;
  }

  /**
   * The process has died: removes the call that caused it; the others are kept for the next process. The batch that was being
   * computed is to blame, since those behind it had not begun. Where there were two, one in each lane, either may be: they become
   * suspects. Without one, a text that was being tokenized is to blame if it was the only one. Several texts, or texts beside a
   * batch, become suspects, and so does a call that the process has not reported: the process may have died before it arrived.
   */
  takeInFlight(): Call[] {
    const sent = [...this].filter((call) => call.sent);
    const texts = sent.filter(({ request }) => request.kind === 'tokenize');
    const computing = [false, true].flatMap((express) => this.#computing(sent, express));
    const batches = sent.filter(({ request }) => computing.includes(request.id));
    const isAlone =
      computing.length === 1 || (computing.length === 0 && texts.length + this.#cancelled.size === 1);
    const candidates = computing.length === 0 ? texts : batches;
    const lost = isAlone ? candidates.filter(({ began, suspect }) => began || suspect) : [];
    for (const { request } of lost) this.#open.delete(request.id);
    for (const call of [...texts, ...batches]) call.suspect = true;
    for (const call of this) {
      call.sent = false;
      call.began = false;
    }
    this.#cancelled.clear();
    return lost;
  }

  /** The id of the batch that a lane was computing: the first that it was sent, cancelled ones too; none when there is none. */
  #computing(sent: readonly Call[], express: boolean): number[] {
    const requests = [...sent.map(({ request }) => request), ...this.#cancelled.values()];
    const ids = requests
      .filter((request) => request.kind !== 'tokenize')
      .filter((request) => (request.kind === 'embed' && request.express) === express)
      .map(({ id }) => id);
    return ids.length === 0 ? [] : [Math.min(...ids)];
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
