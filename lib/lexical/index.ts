/** Search by words: BM25, and its fusion with search by vectors. */
export { BM25_B, BM25_K1, Bm25Index, type LexicalHit } from './bm25-index.js';
export { fuseRankings } from './fuse.js';
