/// <reference lib="esnext.disposable" preserve="true" />
/** longembed: embeddings of long documents with short-context models, without training. */
export { LongEmbedError, type ErrorCode } from './error.js';
export { formatExtend, parseExtend } from './extend/index.js';
export type {
  AttentionScale,
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
} from './extend/index.js';
export { convertModel } from './convert/index.js';
export type { ConvertedFile, ConvertOptions, ConvertType } from './convert/index.js';
export { extendModelFile } from './extend-file/index.js';
export type { ExtendedFile, ExtendFileOptions } from './extend-file/index.js';
export { devices, EmbeddingModel } from './model/index.js';
export type {
  Backend,
  Device,
  DeviceMemoryEstimate,
  DownloadProgress,
  Embedding,
  EmbedManyOptions,
  EmbedOptions,
  EmbedProgress,
  LoadOptions,
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
  TokenInput,
} from './model/index.js';
