/** What a file of vectors holds, whatever its format. */

/** A vector that is written. */
export interface VectorRow {
  readonly embedding: Float32Array;
  /** Which chunk or window of the document, and where it is: characters of chunks, content tokens of windows; null: the document's own. */
  readonly part: {
    readonly kind: 'chunk' | 'window';
    readonly index: number;
    readonly start: number;
    readonly end: number;
  } | null;
}

/** What came of a document: its vector, or those of its chunks or windows. */
export interface DocumentVectors {
  readonly rows: readonly VectorRow[];
  readonly tokens: number;
  readonly windows: number;
  readonly truncated: boolean;
}

/** Why a document has no vector: a code of `LongEmbedError`, or the system's (ENOENT) when its file cannot be opened. */
export interface DocumentFailure {
  readonly code: string;
  readonly message: string;
}

export type DocumentId = string | number;

/** Where vectors go. The calls come one after the other: begin, then one call per document in input order, then finish. */
export interface VectorOutput {
  /** The model is loaded: the file's previous content may be discarded now. */
  begin(dimensions: number): Promise<void>;
  write(id: DocumentId, vectors: DocumentVectors): Promise<void>;
  /** A document failed. */
  skip(id: DocumentId, failure: DocumentFailure): Promise<void>;
  /** Everything written so far becomes final. Also after an error or an interruption: nothing computed is lost. */
  finish(): Promise<void>;
  /** Nothing was begun: leaves the output unchanged. */
  abandon(): Promise<void>;
}
