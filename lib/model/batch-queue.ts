import { LongEmbedError } from '../error.js';
import { abandon, startJob, toLongEmbedError, type NativeJob, type NativeModel } from '../native/index.js';
import { buildBatch, isUnwanted, type Owner, type Piece, poolsOf, rowsOf, tokensOf } from './batch.js';
import type { Workload } from './types.js';
import { WaitingPieces } from './waiting-pieces.js';

/** Batches handed to the native side at the same time: one runs, the next waits there, so that it is never idle. */
const MAX_JOBS = 2;
/** How long a partial batch waits for more documents of its calls while the native side is idle. */
const LINGER_MS = 5;
/**
 * Tokens of the largest batch of the express lane, as the native side has it; and of a call that are short, from its beginning: what
 * comes later in a call of many texts is in no hurry.
 */
export const SHORT_TOKENS = 512;
/**
 * How many times as many tokens are being computed, at least, where short texts pass short ones. With less to wait for, a client who asks
 * again and again would pass those who wait, each time.
 */
const PASSED_TIMES = 32;

/** Tokens of short texts that may pass together, where so many are being computed. @param long among them a text that is not short */
export function expressTokens(tokens: number, long: boolean): number {
  return long ? SHORT_TOKENS : Math.min(SHORT_TOKENS, Math.floor(tokens / PASSED_TIMES));
}

/** A batch that the native side has. */
interface Job {
  readonly native: NativeJob<Float32Array>;
  readonly pieces: readonly Piece[];
  /** The same by call. */
  readonly shares: ReadonlyMap<Owner, Piece[]>;
  readonly tokens: number;
  readonly express: boolean;
}

/**
 * Runs the windows of all calls on a model on the native side, in batches that calls share. Batches are made when they start, of
 * what has arrived by then, in order of arrival. While one runs, short texts pass in batches of their own, in the express lane.
 * A call that ends or fails touches no other: see `#retry`.
 */
export class BatchQueue {
  readonly #native: NativeModel;
  readonly #waiting: WaitingPieces;
  readonly #jobs = new Set<Job>();
  #calls = 0;
  #waitingTokens = 0;
  #lingering: NodeJS.Timeout | null = null;
  #lingered = false;
  /** Whether the last batch was one of short texts that passed others. */
  #passed = false;

  constructor(native: NativeModel) {
    this.#native = native;
    const owners = new WeakMap<Owner, string>();
    let count = 0;
    const idOf = (owner: Owner): string => {
      const id = owners.get(owner) ?? String(count++);
      owners.set(owner, id);
      return id;
    };
    // llama.cpp's context takes one sequence after the other: there is nothing to gain, and its rounding depends on the longest.
    const kindOf = native.facts.engine === 'graph' ? () => '' : ({ owner }: Piece) => idOf(owner);
    this.#waiting = new WaitingPieces(kindOf, (piece) => {
      // What a call that has ended had here is subtracted by `drop`.
      if (piece.owner.ended) return;
      this.#waitingTokens -= piece.window.length;
      piece.owner.dropped(piece);
    });
  }

  get workload(): Workload {
    const slots = new Set<unknown>();
    let runningTokens = 0;
    for (const { pieces, tokens } of this.#jobs) {
      runningTokens += tokens;
      for (const { slot } of pieces) slots.add(slot);
    }
    return {
      calls: this.#calls,
      waitingTokens: this.#waitingTokens,
      runningTokens,
      runningDocuments: slots.size,
    };
  }

  /** A call begins. */
  open(): void {
    this.#calls++;
  }

  /** A call has all its results, or has ended otherwise. */
  close(): void {
    this.#calls--;
  }

  /** Takes pieces; `submit` starts them. */
  add(pieces: readonly Piece[]): void {
    for (const piece of pieces) this.#waiting.add(piece);
    this.#waitingTokens += tokensOf(pieces);
  }

  /** Starts every batch that is due. */
  submit(): void {
    while (this.#running(false) < MAX_JOBS) {
      const passing = this.#passing();
      const pieces = passing ?? this.#next();
      if (pieces === null) break;
      this.#passed = passing !== null;
      this.#start(pieces, false);
    }
    if (!this.#native.facts.expressLane || this.#running(false) === 0 || this.#running(true) > 0) return;
    // Many short texts are a load of their own: together they are computed faster, and soon where nothing long runs.
    const long = this.#runsLong();
    const short = this.#waiting.takeShort(expressTokens(this.#runningTokens(), long), !long);
    if (short !== null) this.#start(short, true);
  }

  /** Of the batches that the native side has, but for the express lane's. */
  #runningTokens(): number {
    let sum = 0;
    for (const { tokens, express } of this.#jobs) if (!express) sum += tokens;
    return sum;
  }

  /** Whether a text that is not short is being computed or is next. */
  #runsLong(): boolean {
    return [...this.#jobs].some(({ pieces }) => pieces.some(({ window }) => window.length > SHORT_TOKENS));
  }

  #next(): Piece[] | null {
    return this.#running(false) === 0
      ? this.#waiting.take((some) => this.#partialIsDue(some))
      : this.#waiting.takeFull();
  }

  /** Without an express lane, every other batch may be one of short texts that pass the rest. */
  #passing(): Piece[] | null {
    return this.#native.facts.expressLane || this.#passed ? null : this.#waiting.takePassing();
  }

  /**
   * Drops the pieces of a call that has ended. Batches that nobody else has a part in are cancelled.
   * @param waiting tokens of its pieces that have not begun
   * @returns resolves when the native side has released those
   */
  async drop(owner: Owner, waiting: { readonly pieces: number; readonly tokens: number }): Promise<void> {
    this.#waitingTokens -= waiting.tokens;
    this.#waiting.forget(waiting.pieces);
    const unwanted = [...this.#jobs].filter(
      ({ shares }) => shares.has(owner) && [...shares.keys()].every(({ ended }) => ended),
    );
    for (const { native } of unwanted) abandon(native);
    await Promise.all(unwanted.map(({ native }) => native.promise.catch(() => undefined)));
  }

  #running(express: boolean): number {
    let count = 0;
    for (const job of this.#jobs) if (job.express === express) count++;
    return count;
  }

  /** Whether a partial batch should run on an idle native side: one of its calls has no more to come, or it was long enough. */
  #partialIsDue(pieces: readonly Piece[]): boolean {
    if (this.#lingered || pieces.some(({ owner }) => !owner.moreComes)) return true;
    this.#lingering ??= setTimeout(() => {
      this.#lingered = true;
      this.submit();
    }, LINGER_MS);
    return false;
  }

  #stopLingering(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    this.#lingered = false;
  }

  #start(pieces: readonly Piece[], express: boolean): void {
    if (!express) this.#stopLingering();
    const shares = groupBy(pieces, ({ owner }) => owner);
    const tokens = tokensOf(pieces);
    this.#waitingTokens -= tokens;
    const windows = pieces.map(({ window }) => window);
    // Where one window is pooled by ranges, all are means.
    const ranged = windows.some((window) => poolsOf(window) !== null);
    const batch = buildBatch(windows, ranged ? 'mean' : (pieces[0]?.owner.pooling ?? 'mean'));
    const report = (fraction: number): void => {
      for (const [owner, some] of shares) if (!owner.ended) owner.progressed(some, fraction);
    };
    const onProgress = [...shares.keys()].some(({ listens }) => listens) ? report : null;
    for (const [owner, some] of shares) owner.began(some);
    const native = startJob(() => this.#native.embed(batch, onProgress, express));
    const job = { native, pieces, shares, tokens, express };
    this.#jobs.add(job);
    void native.promise
      .then((rows) => this.#collect(job, rows))
      .catch((error: unknown) => this.#retry(job, error))
      .then(() => {
        this.#jobs.delete(job);
        this.submit();
        for (const owner of shares.keys()) owner.advance();
      });
    // What was read and waited has left room for more.
    queueMicrotask(() => {
      for (const owner of shares.keys()) owner.advance();
    });
  }

  /** Gives every call the vectors of its windows. */
  #collect({ pieces, shares }: Job, rows: Float32Array): void {
    const { dimensions } = this.#native.facts;
    const vectors = pieces.reduce((sum, { window }) => sum + rowsOf(window), 0);
    if (rows.length !== vectors * dimensions) {
      throw new LongEmbedError(
        'ERR_BACKEND',
        `The native side gave ${rows.length} numbers for ${vectors} vectors.`,
      );
    }
    const rowsOfPiece = new Map<Piece, Float32Array>();
    let first = 0;
    for (const piece of pieces) {
      const end = first + rowsOf(piece.window);
      rowsOfPiece.set(piece, rows.subarray(first * dimensions, end * dimensions));
      first = end;
    }
    for (const [owner, some] of shares) {
      if (!owner.ended) {
        owner.computed(
          some,
          some.map((piece) => rowsOfPiece.get(piece) ?? new Float32Array(0)),
        );
      }
    }
  }

  /** One document of a failed batch may be the cause: each is retried alone, so that only that one fails. */
  #retry({ pieces, shares, express }: Job, error: unknown): void {
    const { code } = toLongEmbedError(error);
    const owners = [...shares].filter(([owner]) => !owner.ended);
    if (code === 'ERR_ABORTED' || code === 'ERR_DISPOSED') {
      for (const [owner] of owners) owner.fail(error);
      return;
    }
    // Two lanes take more memory than one: where there is none for the second, short texts wait for their turn.
    const tooMuch = express && code === 'ERR_OUT_OF_MEMORY';
    const documents = groupBy(pieces, ({ slot }) => slot);
    if (documents.size === 1 && !tooMuch) {
      for (const [owner, some] of owners) owner.failed(some, error);
      return;
    }
    for (const [owner, some] of owners) owner.lost(some);
    const wanted = pieces.filter((piece) => !isUnwanted(piece));
    this.#waitingTokens += tokensOf(wanted);
    this.#waiting.addFirst(tooMuch ? [wanted] : [...groupBy(wanted, ({ slot }) => slot).values()]);
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
