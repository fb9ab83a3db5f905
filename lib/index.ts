/// <reference lib="esnext.disposable" preserve="true" />
/** longembed: embeddings of long documents with short-context models, without training. */
export { ChunkIndex } from './chunk-index/index.js';
export type {
  ChunkIndexAddOptions,
  IndexedChunk,
  ChunkIndexHit,
  ChunkIndexSearchOptions,
} from './chunk-index/index.js';
export { LongEmbedError, type ErrorCode } from './error.js';
export { formatExtend, parseExtend } from './extend/index.js';
export type {
  AttentionScale,
  DntkExtend,
  Extend,
  GpExtend,
  Method,
  NoneExtend,
  NtkExtend,
  PcwExtend,
  PiExtend,
  RpExtend,
  SeExtend,
  StrategySupport,
  YarnExtend,
} from './extend/index.js';
export { convertModel } from './convert/index.js';
export type { ConvertedFile, ConvertOptions, ConvertType } from './convert/index.js';
export { extendModelFile } from './extend-file/index.js';
export type { ExtendedFile, ExtendFileOptions } from './extend-file/index.js';
export { makePairs } from './pairs/index.js';
export type { MadePairs, MakePairsOptions } from './pairs/index.js';
export { tunePositions } from './tune/index.js';
export type { DevScore, TunedFile, TuneOptions, TuneProgress } from './tune/index.js';
export { devices, EmbeddingModel } from './model/index.js';
export type {
  Backend,
  ChunkEmbedding,
  ChunkEmbeddings,
  ChunkInput,
  ChunkRule,
  ChunkSpan,
  CountOptions,
  Device,
  DeviceMemoryEstimate,
  DownloadProgress,
  Embedding,
  EmbedChunksOptions,
  EmbedManyOptions,
  EmbedOptions,
  EmbedProgress,
  LoadOptions,
  ManyChunkInput,
  ManyChunksResult,
  ManyInput,
  ManyResult,
  MemoryEstimate,
  MemoryOptions,
  ModelInfo,
  Origin,
  Pooling,
  PositionEncoding,
  Precision,
  SettingSource,
  TokenCount,
  TokenInput,
  TunedRecord,
  WindowEmbedding,
  Workload,
} from './model/index.js';
