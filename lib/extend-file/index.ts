/**
 * Model files with a strategy in them, for any program that reads GGUF: what changes for a position matrix is in
 * position-matrix.ts, for RoPE in rotary.ts.
 */
export { extendModelFile } from './extend-model-file.js';
export { writableMethods } from './support.js';
export type { ExtendedFile, ExtendFileOptions } from './options.js';
