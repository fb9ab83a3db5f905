import { abandon, type NativeJob } from '../native/index.js';
import { listenForAbort } from '../abort.js';
import { BatchRunner } from './batch-runner.js';
import type { Document, Track } from './document.js';
import type { Engine } from './engine.js';
import type { Source } from './input.js';
import type { EmbedSettings } from './options.js';
import { type AnyResult, Slot } from './slot.js';

/** Documents tokenized at the same time: the native tokenizer runs in parallel with the model. */
const MAX_PREPARING = 4;
/** Documents read whose results have not been taken. Token counts bound reading first, unless documents are tiny. */
const MAX_READ_AHEAD = 512;

/** How an input is read and tokenized: the difference between the calls that embed. */
export interface Reader {
  prepare(input: unknown, engine: Engine, settings: EmbedSettings, track: Track): Promise<Document>;
  id(input: unknown): string | number | undefined;
}

interface Waiter {
  resolve(result: IteratorResult<AnyResult, undefined>): void;
  reject(error: unknown): void;
}

/**
 * One call of `embed` or `embedMany`: reads documents, tokenizes them, has their windows run in batches and hands out the
 * results in input order. Batches are shared with other calls (`BatchQueue`). Whenever anything happens, `#advance` does all that has become possible. Reading stops while a
 * batch's worth of tokens waits to run, or two batches' worth of results wait to be taken.
 */
export class EmbedRun implements AsyncIterableIterator<AnyResult, undefined> {
  readonly #engine: Engine;
  readonly #settings: EmbedSettings;
  readonly #source: Source;
  readonly #reader: Reader;
  readonly #batches: BatchRunner;

  #state: 'new' | 'running' | 'ended' = 'new';
  /** Documents read, in order, whose results have not been taken. The first `#batched` of them are with `#batches`. */
  readonly #slots: Slot[] = [];
  #batched = 0;
  #read = 0;
  #reading = false;
  #exhausted = false;
  #preparing = 0;
  readonly #tokenizing = new Set<NativeJob<unknown>>();
  /** Tokens of documents that are done and not taken. */
  #doneTokens = 0;
  readonly #waiters: Waiter[] = [];
  /** Thrown by `next` once there are no more results: the source's error, or why the run ended early. */
  #error: { readonly reason: unknown } | null = null;
  #stopListening: () => void = () => undefined;
  /** Whether it counts among the model's calls. */
  #open = false;

  constructor(engine: Engine, settings: EmbedSettings, source: Source, reader: Reader) {
    this.#engine = engine;
    this.#settings = settings;
    this.#source = source;
    this.#reader = reader;
    this.#batches = new BatchRunner(engine, settings, {
      comesMore: () => this.#reading || this.#preparing > 0,
      settle: (slot, change) => this.#settle(slot, change),
      advance: () => this.#advance(),
      fail: (error) => this.fail(error),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<AnyResult, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#state === 'new') this.#start();
      this.#advance();
    });
  }

  /** Stops early: cancels what runs, closes the source, and resolves when that is done. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    await Promise.all([this.#end(), this.#source.close()]);
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  /** Ends the run; the first `next` that waits, or the next one, throws `reason`. */
  fail(reason: unknown): void {
    if (this.#state === 'ended') return;
    this.#error = { reason };
    void this.#end();
    this.#source.close().catch(() => undefined);
  }

  #start(): void {
    this.#state = 'running';
    try {
      this.#engine.operations.add(this);
      this.#engine.batches.open();
      this.#open = true;
      this.#stopListening = listenForAbort(this.#settings.signal, (error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  async #end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#release();
    for (const job of this.#tokenizing) abandon(job);
    this.#slots.length = 0;
    this.#deliver();
    await this.#batches.stop();
  }

  /** Detaches from the signal and the model, which outlive the run. */
  #release(): void {
    this.#stopListening();
    this.#engine.operations.delete(this);
    if (this.#open) this.#engine.batches.close();
    this.#open = false;
  }

  #advance(): void {
    this.#deliver();
    if (this.#state !== 'running') return;
    this.#batch();
    this.#readMore();
    this.#batches.submit();
    // Only taking the results is left, which an abort no longer affects.
    if (this.#exhausted && this.#slots.every(({ result }) => result !== null)) this.#release();
  }

  #mayRead(): boolean {
    return (
      !this.#exhausted &&
      !this.#reading &&
      this.#preparing < MAX_PREPARING &&
      this.#slots.length < MAX_READ_AHEAD &&
      this.#batches.waiting < this.#settings.batchTokens &&
      this.#doneTokens < 2 * this.#settings.batchTokens
    );
  }

  #readMore(): void {
    if (!this.#mayRead()) return;
    this.#reading = true;
    this.#source.next().then(
      (next) =>
        this.#arrived(() => {
          if (next.done === true) this.#exhausted = true;
          else this.#accept(next.value);
        }),
      (reason: unknown) =>
        this.#arrived(() => {
          this.#exhausted = true;
          this.#error = { reason };
        }),
    );
  }

  #arrived(use: () => void): void {
    this.#reading = false;
    if (this.#state === 'ended') return;
    use();
    this.#advance();
  }

  #accept(input: unknown): void {
    const slot = new Slot(this.#read++);
    this.#slots.push(slot);
    this.#preparing++;
    void this.#prepare(slot, input).then(() => {
      this.#preparing--;
      this.#advance();
    });
  }

  /** Never rejects: a failure becomes that document's error. */
  async #prepare(slot: Slot, input: unknown): Promise<void> {
    try {
      const id = this.#reader.id(input);
      if (id !== undefined) slot.origin.id = id;
      const document = await this.#reader.prepare(input, this.#engine, this.#settings, this.#track);
      slot.prepared(document, this.#engine.native.facts.dimensions, this.#settings.extend.windowPooling);
    } catch (error) {
      this.#settle(slot, () => slot.fail(error));
    }
  }

  readonly #track: Track = async (job) => {
    if (this.#state === 'ended') abandon(job);
    this.#tokenizing.add(job);
    try {
      return await job.promise;
    } finally {
      this.#tokenizing.delete(job);
    }
  };

  /** Passes on the documents that are tokenized, in order. */
  #batch(): void {
    for (; this.#batched < this.#slots.length; this.#batched++) {
      const slot = this.#slots[this.#batched];
      if (slot === undefined || slot.result !== null) continue;
      if (slot.document === null) return;
      this.#batches.add(slot, slot.document);
    }
  }

  #settle(slot: Slot, change: () => void): void {
    const before = slot.result;
    change();
    if (before === null && slot.result !== null) this.#doneTokens += weight(slot.result);
  }

  /** Resolves the waiting `next` calls with results in order; once there are no more, with the error or the end. */
  #deliver(): void {
    while (this.#waiters.length > 0) {
      const [slot] = this.#slots;
      if (slot !== undefined) {
        if (slot.result === null) return;
        this.#slots.shift();
        if (this.#batched > 0) this.#batched--;
        this.#doneTokens -= weight(slot.result);
        this.#waiters.shift()?.resolve({ done: false, value: slot.result });
        continue;
      }
      if (this.#state !== 'ended') {
        if (!this.#exhausted) return;
        this.#state = 'ended';
        this.#release();
      }
      const error = this.#error;
      this.#error = null;
      if (error === null) this.#waiters.shift()?.resolve({ done: true, value: undefined });
      else this.#waiters.shift()?.reject(error.reason);
    }
  }
}

/** The weight of a result that waits to be taken, in tokens. */
function weight(result: AnyResult): number {
  return 'tokens' in result ? result.tokens : 1;
}
