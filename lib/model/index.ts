/** EmbeddingModel and its types. */
export { devices } from './embedding-model.js';
export { EmbeddingModel } from './embedding-model.js';
export { PRESETS, type Preset } from './presets/index.js';
export type * from './chunks/types.js';
export type * from './types.js';
