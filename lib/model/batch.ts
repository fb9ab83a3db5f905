import type { WindowPlan } from '../extend/index.js';
import type { Document } from './document.js';
import type { ShortInputs } from './presets/index.js';
import type { NativeBatch, Pooling } from '../native/index.js';
import type { PoolRange } from './parts.js';
import type { Slot } from './slot.js';

/** One sequence for the native side: a window of a document. */
export interface Window {
  readonly document: Document;
  /** Its place among the document's windows. */
  readonly index: number;
  readonly plan: WindowPlan;
  /** Tokens of the sequence, prompt and special ones included. */
  readonly length: number;
  readonly positions: Float32Array | null;
}

export function windowsOf(document: Document, shortInputs: ShortInputs | null): Window[] {
  return document.plans.map((plan, index) => {
    const length = document.before.length + (plan.to - plan.from) + document.after.length;
    return {
      document,
      index,
      plan,
      length,
      positions: plan.positions ?? shortPositions(length, shortInputs),
    };
  });
}

/** Positions of a sequence that no strategy changed: null, its indices, but for the models with wider steps. */
function shortPositions(length: number, shortInputs: ShortInputs | null): Float32Array | null {
  if (shortInputs === null || length > shortInputs.upTo) return null;
  return Float32Array.from({ length }, (_, i) => i * shortInputs.stride);
}

/** Windows of one native batch share the RoPE's parameters and self-extend's; equal keys may go together. */
export function batchKey({ plan }: Window): string {
  const { ropeBase, ropeScale, ropeFactors, selfExtend } = plan;
  return [ropeBase, ropeScale, ropeFactors?.join() ?? '', ...(selfExtend ?? [])].join('/');
}

/** What is pooled in a window; null: the window as a whole. */
export function poolsOf({ document, index }: Window): readonly PoolRange[] | null {
  return document.pools?.[index] ?? null;
}

/** Vectors that a window gives. */
export function rowsOf(window: Window): number {
  return poolsOf(window)?.length ?? 1;
}

/** Lays windows with equal keys one after the other. An array that no window needs is null; else the others have its default. */
export function buildBatch(windows: readonly Window[], pooling: Pooling): NativeBatch {
  const total = windows.reduce((sum, { length }) => sum + length, 0);
  const batch: NativeBatch = {
    tokens: new Int32Array(total),
    lengths: Int32Array.from(windows, ({ length }) => length),
    positions: windows.some(({ positions }) => positions !== null) ? new Float32Array(total) : null,
    logitScale: windows.some(({ plan }) => plan.logitScale !== null) ? new Float32Array(total).fill(1) : null,
    selfExtend: windows[0]?.plan.selfExtend ?? null,
    ropeBase: windows[0]?.plan.ropeBase ?? 0,
    ropeScale: windows[0]?.plan.ropeScale ?? 1,
    ropeFactors: windows[0]?.plan.ropeFactors ?? null,
    pooling,
    ranges: rangesOf(windows),
  };
  let offset = 0;
  for (const { document, plan, length, positions } of windows) {
    const content = offset + document.before.length;
    batch.tokens.set(document.before, offset);
    batch.tokens.set(document.content.subarray(plan.from, plan.to), content);
    batch.tokens.set(document.after, content + plan.to - plan.from);
    batch.positions?.set(positions ?? indices(length), offset);
    if (plan.logitScale !== null) batch.logitScale?.set(plan.logitScale, offset);
    offset += length;
  }
  return batch;
}

/** Of all windows, counted from the first token of the batch; null where windows are pooled as a whole. */
function rangesOf(windows: readonly Window[]): Int32Array | null {
  if (windows.every((window) => poolsOf(window) === null)) return null;
  const ends: number[] = [];
  let offset = 0;
  for (const window of windows) {
    for (const { from, to } of poolsOf(window) ?? [{ from: 0, to: window.length }]) {
      ends.push(offset + from, offset + to);
    }
    offset += window.length;
  }
  return Int32Array.from(ends);
}

function indices(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => i);
}

/** A window and the document whose vector it goes into. */
export interface Piece {
  readonly slot: Slot;
  readonly window: Window;
}

interface Group {
  readonly pieces: Piece[];
  tokens: number;
}

/**
 * Collects windows into batches of up to `batchTokens` tokens, in order. Windows that cannot share a
 * batch (see `batchKey`) go into separate ones.
 */
export class Packer {
  readonly #batchTokens: number;
  readonly #filling = new Map<string, Group>();
  #full: Group[] = [];
  #tokens = 0;

  constructor(batchTokens: number) {
    this.#batchTokens = batchTokens;
  }

  /** Tokens that wait here. */
  get tokens(): number {
    return this.#tokens;
  }

  add(piece: Piece): void {
    const { length } = piece.window;
    const key = batchKey(piece.window);
    let group = this.#filling.get(key);
    if (group !== undefined && group.tokens + length > this.#batchTokens) {
      this.#close(key, group);
      group = undefined;
    }
    group ??= { pieces: [], tokens: 0 };
    group.pieces.push(piece);
    group.tokens += length;
    this.#tokens += length;
    this.#filling.set(key, group);
    if (group.tokens >= this.#batchTokens) this.#close(key, group);
  }

  /** Pieces to run alone, before all others: those of a batch that failed. */
  addFirst(batches: Piece[][]): void {
    const groups = batches.map((pieces) => ({ pieces, tokens: tokensOf(pieces) }));
    this.#full.unshift(...groups);
    for (const { tokens } of groups) this.#tokens += tokens;
  }

  /**
   * Takes the next batch, without the windows of documents that failed meanwhile.
   * @param partial also one that is not full
   * @returns null when there is none
   */
  take(partial: boolean): Piece[] | null {
    for (;;) {
      const group = this.#full.shift() ?? (partial ? this.#takeFilling() : undefined);
      if (group === undefined) return null;
      this.#tokens -= group.tokens;
      const wanted = group.pieces.filter(({ slot }) => slot.result === null);
      if (wanted.length > 0) return wanted;
    }
  }

  #close(key: string, group: Group): void {
    this.#filling.delete(key);
    this.#full.push(group);
  }

  #takeFilling(): Group | undefined {
    for (const [key, group] of this.#filling) {
      this.#filling.delete(key);
      return group;
    }
    return undefined;
  }
}

export function tokensOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { window }) => sum + window.length, 0);
}
