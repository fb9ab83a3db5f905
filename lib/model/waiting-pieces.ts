import { batchKey, isUnwanted, type Piece } from './batch.js';

/** Unwanted pieces that may stay until a batch is taken. When there are more, and more than others, they are cleared away. */
const MAX_UNWANTED = 64;

/** A batch as it could be taken now. */
interface Candidate {
  readonly key: string;
  readonly pieces: Piece[];
  /** Whether the next piece does not fit. */
  readonly full: boolean;
}

/** The pieces of all calls on a model that wait for a batch. */
export class WaitingPieces {
  readonly #kindOf: (piece: Piece) => string;
  readonly #onDrop: (piece: Piece) => void;
  /** Pieces that may share batches, in order of arrival, with their place in that order. */
  readonly #groups = new Map<string, Map<Piece, number>>();
  /** Batches to run as they are, before all others. */
  readonly #first: Piece[][] = [];
  #arrived = 0;
  #unwanted = 0;

  /**
   * @param kindOf a piece shares batches only with pieces that have the same key and of which this says the same
   * @param onDrop told of each unwanted piece that is thrown away
   */
  constructor(kindOf: (piece: Piece) => string, onDrop: (piece: Piece) => void) {
    this.#kindOf = kindOf;
    this.#onDrop = onDrop;
  }

  add(piece: Piece): void {
    const key = `${this.#kindOf(piece)}:${batchKey(piece)}`;
    const group = this.#groups.get(key) ?? new Map<Piece, number>();
    group.set(piece, this.#arrived++);
    this.#groups.set(key, group);
  }

  addFirst(batches: readonly Piece[][]): void {
    this.#first.unshift(...batches);
  }

  /** Announces that so many more of the pieces are unwanted. */
  forget(count: number): void {
    this.#unwanted += count;
    if (this.#unwanted <= MAX_UNWANTED) return;
    let all = 0;
    for (const group of this.#groups.values()) all += group.size;
    if (2 * this.#unwanted > all) this.#clear();
  }

  /**
   * Takes the next batch: one that failed before, else the one with the oldest piece, if it is full or may be partial.
   * @param mayBePartial asked about each batch that is not full
   */
  take(mayBePartial: (pieces: readonly Piece[]) => boolean): Piece[] | null {
    for (const candidate of this.#candidates()) {
      if (candidate.full || mayBePartial(candidate.pieces)) return this.#remove(candidate);
    }
    return null;
  }

  /** Takes the next batch only if no other comes before it, whatever arrives meanwhile. */
  takeFull(): Piece[] | null {
    const [next] = this.#candidates();
    return next?.full === true ? this.#remove(next) : null;
  }

  /**
   * Takes short pieces, in order of arrival, of at most so many tokens together.
   * @param few only if no more of them wait than fit
   */
  takeShort(tokens: number, few: boolean): Piece[] | null {
    const [next] = this.#candidates({ limit: tokens, short: true });
    const fits = next !== undefined && (next.pieces[0]?.window.length ?? 0) <= tokens;
    return !fits || (few && next.full) ? null : this.#remove(next);
  }

  /** Takes short pieces for which something that is not short would have to be computed first. */
  takePassing(): Piece[] | null {
    const [next] = this.#candidates();
    if (next?.pieces[0]?.short !== false) return null;
    const [short] = this.#candidates({ short: true });
    return short === undefined ? null : this.#remove(short);
  }

  /** What could be taken from each group, in order. */
  #candidates({ limit = Infinity, short = false } = {}): Candidate[] {
    const batches: { readonly order: number; readonly candidate: Candidate }[] = [];
    if (!short) {
      for (let at = 0; at < this.#first.length; at++) {
        const all = this.#first[at] ?? [];
        const pieces = all.filter((piece) => !isUnwanted(piece));
        for (const piece of all) if (isUnwanted(piece)) this.#onDrop(piece);
        this.#first[at] = pieces;
        if (pieces.length > 0) return [{ key: '', pieces, full: true }];
        this.#first.splice(at--, 1);
      }
    }
    for (const [key, group] of this.#groups) {
      const candidate = { key, ...this.#fill(group, limit, short) };
      const [oldest] = candidate.pieces;
      if (oldest !== undefined) batches.push({ order: group.get(oldest) ?? 0, candidate });
      else if (!short) this.#groups.delete(key);
    }
    return batches.sort((a, b) => a.order - b.order).map(({ candidate }) => candidate);
  }

  #remove({ key, pieces }: Candidate): Piece[] {
    const group = this.#groups.get(key);
    if (group === undefined) this.#first.shift();
    for (const piece of pieces) group?.delete(piece);
    return pieces;
  }

  #clear(): void {
    for (const group of this.#groups.values()) {
      for (const piece of group.keys()) if (isUnwanted(piece)) this.#drop(group, piece);
    }
    this.#unwanted = 0;
  }

  #drop(group: Map<Piece, number>, piece: Piece): void {
    group.delete(piece);
    if (piece.owner.ended) this.#unwanted = Math.max(0, this.#unwanted - 1);
    this.#onDrop(piece);
  }

  /** What fits into one batch, in order: as many tokens as each of its calls allows, at most `limit`; a longer piece alone. */
  #fill(
    group: Map<Piece, number>,
    limit: number,
    short: boolean,
  ): { readonly pieces: Piece[]; readonly full: boolean } {
    const pieces: Piece[] = [];
    let tokens = 0;
    for (const piece of group.keys()) {
      if (isUnwanted(piece)) {
        this.#drop(group, piece);
        continue;
      }
      if (short && !piece.short) continue;
      limit = Math.min(limit, piece.owner.batchTokens);
      if (pieces.length > 0 && tokens + piece.window.length > limit) return { pieces, full: true };
      pieces.push(piece);
      tokens += piece.window.length;
      if (tokens >= limit) return { pieces, full: true };
    }
    return { pieces, full: false };
  }
}
