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

/** The call that a piece belongs to, as the queue sees it. */
export interface Owner {
  /** Tokens of the largest batch that its windows may be in; a longer window runs alone. */
  readonly batchTokens: number;
  readonly pooling: Pooling;
  /** Whether it wants to know how far batches are. */
  readonly listens: boolean;
  /** Whether it has ended: its pieces are not wanted any more. */
  readonly ended: boolean;
  /** Whether it will have more pieces soon: documents are being read or tokenized. */
  readonly moreComes: boolean;
  /** Some of its pieces are in a batch that starts. `pieces` stands for them in what follows. */
  began(pieces: readonly Piece[]): void;
  progressed(pieces: readonly Piece[], fraction: number): void;
  /** @param rows of each piece: its pooled vectors */
  computed(pieces: readonly Piece[], rows: readonly Float32Array[]): void;
  /** The batch failed, and each of its documents is tried again. */
  lost(pieces: readonly Piece[]): void;
  /** A piece that waited was thrown away, since its document has failed. */
  dropped(piece: Piece): void;
  /** A document failed: its batch did, and nothing else was in it. */
  failed(pieces: readonly Piece[], error: unknown): void;
  /** The call fails as a whole. */
  fail(error: unknown): void;
  /** Something has changed: it may go on. */
  advance(): void;
}

/** A window, and the document and the call that its vector is for. */
export interface Piece {
  readonly owner: Owner;
  readonly slot: Slot;
  readonly window: Window;
  /** Whether it may pass what came before it: see `isShort`. */
  readonly short: boolean;
}

/** Whether nobody waits for it any more. */
export function isUnwanted({ owner, slot }: Piece): boolean {
  return owner.ended || slot.result !== null;
}

/**
 * Windows with equal keys may share a batch: the RoPE's parameters, self-extend's and the pooling are the same for all of it, and
 * factors that change from token to token are applied in another place than one for a whole sequence.
 */
export function batchKey({ owner, window }: Piece): string {
  const { ropeBase, ropeScale, ropeFactors, selfExtend, logitScale } = window.plan;
  const pooling = poolsOf(window) === null ? owner.pooling : 'mean';
  const varies = logitScale?.some((factor) => factor !== logitScale[0]) ?? false;
  return [pooling, varies, ropeBase, ropeScale, ropeFactors?.join() ?? '', ...(selfExtend ?? [])].join('/');
}

export function tokensOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { window }) => sum + window.length, 0);
}
