import { type Owner, type Piece, poolsOf, tokensOf, windowsOf } from './batch.js';
import { type BatchQueue, SHORT_TOKENS } from './batch-queue.js';
import type { Document } from './document.js';
import type { Engine } from './engine.js';
import type { EmbedSettings } from './options.js';
import { Progress } from './progress.js';
import type { Slot } from './slot.js';

/** The run that a BatchRunner works for. */
export interface Run {
  /** Whether documents are being read or tokenized. */
  comesMore(): boolean;
  /** Applies a change that may complete a document's result. */
  settle(slot: Slot, change: () => void): void;
  /** A batch began or ended. */
  advance(): void;
  /** The whole run fails. */
  fail(error: unknown): void;
}

/** One call's part in the queue of its model: has the windows of its documents computed, and makes results of their vectors. */
export class BatchRunner implements Owner {
  readonly #queue: BatchQueue;
  readonly #engine: Engine;
  readonly #settings: EmbedSettings;
  readonly #run: Run;
  readonly #progress: Progress;
  /** Of all windows so far. */
  #tokens = 0;
  /** What waits for a batch. */
  #waiting = { pieces: 0, tokens: 0 };
  #ended = false;

  constructor(engine: Engine, settings: EmbedSettings, run: Run) {
    this.#queue = engine.batches;
    this.#engine = engine;
    this.#settings = settings;
    this.#run = run;
    this.#progress = new Progress(settings.onProgress);
  }

  get batchTokens(): number {
    return this.#settings.batchTokens;
  }

  get pooling(): EmbedSettings['pooling'] {
    return this.#settings.pooling;
  }

  get listens(): boolean {
    return this.#settings.onProgress !== undefined && !this.#ended;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get moreComes(): boolean {
    return this.#run.comesMore();
  }

  /** Tokens that wait for a batch. */
  get waiting(): number {
    return this.#waiting.tokens;
  }

  /** Queues a document. The first texts of a call are short, up to SHORT_TOKENS together; `submit` starts what is due. */
  add(slot: Slot, document: Document): void {
    const windows = windowsOf(document, this.#engine.settings.shortInputs);
    const tokens = windows.reduce((sum, { length }) => sum + length, 0);
    this.#tokens += tokens;
    const short = this.#tokens <= SHORT_TOKENS;
    this.#progress.plan(tokens);
    this.#count(windows.length, tokens);
    this.#queue.add(windows.map((window) => ({ owner: this, slot, window, short })));
  }

  submit(): void {
    this.#queue.submit();
  }

  /** Drops everything. Resolves when the native side has released the batches that no other call has a part in. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#queue.drop(this, this.#waiting);
  }

  began(pieces: readonly Piece[]): void {
    const tokens = tokensOf(pieces);
    this.#count(-pieces.length, -tokens);
    this.#progress.start(pieces, tokens);
  }

  progressed(pieces: readonly Piece[], fraction: number): void {
    this.#tell(() => this.#progress.advance(pieces, fraction));
  }

  computed(pieces: readonly Piece[], rows: readonly Float32Array[]): void {
    let computed = 0;
    for (const [i, { slot, window }] of pieces.entries()) {
      const some = rows[i];
      if (slot.result !== null || some === undefined) continue;
      computed += window.length;
      this.#run.settle(slot, () => slot.add(some, window.index, poolsOf(window), this.#settings));
    }
    this.#tell(() => this.#progress.finish(pieces, computed));
  }

  lost(pieces: readonly Piece[]): void {
    this.#progress.finish(pieces, 0);
    const wanted = pieces.filter(({ slot }) => slot.result === null);
    this.#count(wanted.length, tokensOf(wanted));
  }

  dropped({ window: { length } }: Piece): void {
    this.#count(-1, -length);
    this.#progress.plan(-length);
  }

  failed(pieces: readonly Piece[], error: unknown): void {
    this.#progress.finish(pieces, 0);
    this.#progress.plan(-tokensOf(pieces));
    for (const { slot } of pieces) this.#run.settle(slot, () => slot.fail(error));
  }

  fail(error: unknown): void {
    this.#run.fail(error);
  }

  advance(): void {
    if (!this.#ended) this.#run.advance();
  }

  #count(pieces: number, tokens: number): void {
    this.#waiting = { pieces: this.#waiting.pieces + pieces, tokens: this.#waiting.tokens + tokens };
  }

  /** An error thrown by the caller's onProgress ends the run: here it could not be caught by the caller. */
  #tell(report: () => void): void {
    if (this.#ended) return;
    try {
      report();
    } catch (error) {
      this.#run.fail(error);
    }
  }
}
