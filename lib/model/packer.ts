import { batchKey } from './batch.js';
import type { Slot } from './slot.js';
import type { Window } from './window.js';

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
 * batch (see `batchKey`) fill up one of their own each.
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
