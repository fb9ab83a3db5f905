/** A chunk's vector and where the chunk is in its document. What `EmbeddingModel.embedChunks` gives has this shape. */
export interface IndexedChunk {
  /** As many numbers as the other vectors of the index; need not be normalised. */
  readonly embedding: Float32Array;
  /** Offsets in the document's text in UTF-16 units, as in `text.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
}

export interface ChunkIndexAddOptions {
  /** The document's text, which `search` can then also search by words. It is kept in memory. */
  readonly text?: string | undefined;
}

export interface ChunkIndexSearchOptions {
  /** Maximum number of hits, from 1. Default 10. */
  readonly k?: number | undefined;
  /**
   * `document` (default): a hit per document, scored by its best chunks. `chunk`: a hit per chunk, so that a document may
   * appear several times.
   */
  readonly by?: 'document' | 'chunk' | undefined;
  /** A document's score is the mean of this many of its best chunks. Default 1: MaxSim. */
  readonly best?: number | undefined;
  /**
   * The query's words: documents are then ranked by reciprocal rank fusion of the vectors' ranking with that of BM25 over
   * the documents' texts. The words are read as English.
   */
  readonly text?: string | undefined;
  /** Threads of the search. Default: as many as there are physical cores. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A document, or a chunk of one, that a search has found. */
export interface ChunkIndexHit {
  /** The document's id. */
  readonly id: string;
  /** What hits are ranked by: a cosine, a mean of cosines, or with `text` a sum of 1 / (60 + rank). */
  readonly score: number;
  /** Cosine of the query and the best chunk. */
  readonly cosine: number;
  /** Number of the best chunk in the order in which the document's were added, from 0, and its offsets in the text. */
  readonly chunk: number;
  readonly start: number;
  readonly end: number;
  /** The best chunk's text; null when the document was added without text. */
  readonly text: string | null;
}
