/** Vectors beside a document's own: of its chunks, or of its windows. */

/** A part of a document that gets a vector of its own. */
export interface Part {
  /** In the text, in UTF-16 units; null where only tokens are known. */
  readonly start: number | null;
  readonly end: number | null;
  /** Among the content tokens: [tokenStart, tokenEnd). */
  readonly tokenStart: number;
  readonly tokenEnd: number;
}

/** Tokens of a window's sequence, [from, to), whose mean goes into the vector of a part; null: of the document. */
export interface PoolRange {
  readonly part: number | null;
  readonly from: number;
  readonly to: number;
}
