/** Search among documents by the vectors of their chunks. */
export { ChunkIndex } from './chunk-index.js';
export type { ChunkIndexAddOptions, IndexedChunk, ChunkIndexHit, ChunkIndexSearchOptions } from './types.js';
