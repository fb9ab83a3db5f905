/**
 * GGUF files: the header read into memory, every value kept byte for byte, and a file written from it with tensor data
 * that streams from file to file. Ours because no package writes tensors: @huggingface/gguf 0.4.6 reads well and can
 * replace metadata, but not a tensor, whose table it copies; it decodes all values and brings a table of all Hub tasks.
 */
export { DEFAULT_ALIGNMENT, type MetadataEntry, padding, type TensorInfo, VALUE_TYPES } from './format.js';
export type { GgufHeader, StoredTensor } from './parse.js';
export { GgufFile } from './read.js';
export { BF16, F16, F32, Q8_0, tensorBytes, tensorTypeName } from './format.js';
export { toHalf } from './half.js';
export { saveGguf, type SaveOptions } from './save.js';
export {
  arrayLengthOf,
  boolEntry,
  bytesEntry,
  f32sEntry,
  i32sEntry,
  stringsEntry,
  f32Entry,
  lengthAndText,
  scalarOf,
  stringEntry,
  u32Entry,
  wholeNumberOf,
} from './value.js';
export { type GgufContent, ggufHeader, ggufPieces, ggufSize, type TensorSource } from './write.js';
