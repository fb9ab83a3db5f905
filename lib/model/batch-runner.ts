import { LongEmbedError } from '../error.js';
import { abandon, startJob, toLongEmbedError, type NativeJob } from '../native/index.js';
import { buildBatch, Packer, poolsOf, rowsOf, tokensOf, type Piece, windowsOf } from './batch.js';
import type { Document } from './document.js';
import type { Engine } from './engine.js';
import { Progress } from './progress.js';
import type { EmbedSettings } from './options.js';
import type { Slot } from './slot.js';

/** Batches handed to the native side at the same time: one runs, the next waits there, so that it is never idle. */
const MAX_JOBS = 2;
/** How long a partial batch waits for more documents while the native side is idle. */
const LINGER_MS = 5;

/** The run that a BatchRunner works for. */
export interface Run {
  /** Applies a change that may complete a document's result. */
  settle(slot: Slot, change: () => void): void;
  /** A batch ended, or a partial one has waited long enough. */
  advance(): void;
  /** The whole run fails. */
  fail(error: unknown): void;
}

/** Runs the windows of documents on the native side, in batches. */
export class BatchRunner {
  readonly #engine: Engine;
  readonly #settings: EmbedSettings;
  readonly #run: Run;
  readonly #packer: Packer;
  readonly #progress: Progress;
  readonly #jobs = new Set<NativeJob<Float32Array>>();
  #lingering: NodeJS.Timeout | null = null;
  #lingered = false;
  #stopped = false;

  constructor(engine: Engine, settings: EmbedSettings, run: Run) {
    this.#engine = engine;
    this.#settings = settings;
    this.#run = run;
    this.#packer = new Packer(settings.batchTokens);
    this.#progress = new Progress(settings.onProgress);
  }

  /** Tokens that wait for a batch. */
  get waiting(): number {
    return this.#packer.tokens;
  }

  add(slot: Slot, document: Document): void {
    for (const window of windowsOf(document, this.#engine.settings.shortInputs)) {
      this.#packer.add({ slot, window });
      this.#progress.plan(window.length);
    }
  }

  /** Starts every batch that is due. @param moreComes whether documents are being read or tokenized now */
  submit(moreComes: boolean): void {
    while (this.#jobs.size < MAX_JOBS) {
      const pieces =
        this.#packer.take(false) ?? (this.#partialIsDue(moreComes) ? this.#packer.take(true) : null);
      if (pieces === null) return;
      this.#start(pieces);
    }
  }

  /** Cancels everything. Resolves when the native side has released the batches. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopLingering();
    const jobs = [...this.#jobs];
    for (const job of jobs) abandon(job);
    await Promise.all(jobs.map((job) => job.promise.catch(() => undefined)));
  }

  /** Whether a partial batch should run: the native side is idle, and no more documents come, or not soon. */
  #partialIsDue(moreComes: boolean): boolean {
    if (this.#jobs.size > 0 || this.#packer.tokens === 0) return false;
    if (!moreComes || this.#lingered) return true;
    this.#lingering ??= setTimeout(() => {
      this.#lingered = true;
      this.#run.advance();
    }, LINGER_MS);
    return false;
  }

  #stopLingering(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    this.#lingered = false;
  }

  #start(pieces: readonly Piece[]): void {
    this.#stopLingering();
    const windows = pieces.map(({ window }) => window);
    const batch = buildBatch(windows, this.#settings.pooling);
    const report = (fraction: number): void => this.#tell(() => this.#progress.advance(pieces, fraction));
    const onProgress = this.#settings.onProgress === undefined ? null : report;
    this.#progress.start(pieces, tokensOf(pieces));
    const job = startJob(() => this.#engine.native.embed(batch, onProgress));
    this.#jobs.add(job);
    void job.promise
      .then((rows) => this.#collect(pieces, rows))
      .catch((error: unknown) => this.#retry(pieces, error))
      .then(() => {
        this.#jobs.delete(job);
        this.#run.advance();
      });
  }

  /** Gives every document of a batch its windows' vectors. */
  #collect(pieces: readonly Piece[], rows: Float32Array): void {
    if (this.#stopped) return;
    const { dimensions } = this.#engine.native.facts;
    const vectors = pieces.reduce((sum, { window }) => sum + rowsOf(window), 0);
    if (rows.length !== vectors * dimensions) {
      throw new LongEmbedError(
        'ERR_BACKEND',
        `The native side gave ${rows.length} numbers for ${vectors} vectors.`,
      );
    }
    let computed = 0;
    let first = 0;
    for (const { slot, window } of pieces) {
      const end = first + rowsOf(window);
      const some = rows.subarray(first * dimensions, end * dimensions);
      first = end;
      if (slot.result !== null) continue;
      computed += window.length;
      this.#run.settle(slot, () => slot.add(some, window.index, poolsOf(window), this.#settings));
    }
    this.#tell(() => this.#progress.finish(pieces, computed));
  }

  /** One document of a failed batch may be the cause: each is retried alone, so that only that one fails. */
  #retry(pieces: readonly Piece[], error: unknown): void {
    if (this.#stopped) return;
    this.#progress.finish(pieces, 0);
    const { code } = toLongEmbedError(error);
    if (code === 'ERR_ABORTED' || code === 'ERR_DISPOSED') {
      this.#run.fail(error);
      return;
    }
    const slots = [...new Set(pieces.map(({ slot }) => slot))];
    if (slots.length > 1) {
      this.#packer.addFirst(slots.map((slot) => pieces.filter((piece) => piece.slot === slot)));
      return;
    }
    for (const slot of slots) this.#run.settle(slot, () => slot.fail(error));
    this.#progress.plan(-tokensOf(pieces));
  }

  /** An error thrown by the caller's onProgress ends the run: here it could not be caught by the caller. */
  #tell(report: () => void): void {
    if (this.#stopped) return;
    try {
      report();
    } catch (error) {
      this.#run.fail(error);
    }
  }
}
