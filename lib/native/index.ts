/** The one typed edge to the C++ addon. */
export { addon } from './addon.js';
export { boundProducts, dotProducts, quantizeRows, rowProducts } from './job.js';
export { toLongEmbedError } from './job.js';
export { loadIsolated } from './isolated/index.js';
export { abandon, settled, startJob } from './job.js';
export type {
  Backend,
  ContrastFigures,
  Device,
  ModelFacts,
  NativeAddon,
  NativeBatch,
  NativeFacts,
  NativeJob,
  NativeLoadOptions,
  NativeMemory,
  NativeModel,
  NativeOptimizer,
  NativeTuneBatch,
  NativeTuner,
  NativeTunerState,
  NativeVocabulary,
  NativeVocabularyFacts,
  Normalizer,
  Pooling,
  PositionEncoding,
  Precision,
  TuneFigures,
} from './types.js';
