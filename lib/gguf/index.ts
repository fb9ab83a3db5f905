/**
 * GGUF files: the header read into memory, every value kept byte for byte, and a file written from it with tensor data
 * that streams from file to file. Ours because no package writes tensors: @huggingface/gguf 0.4.6 reads well and can
 * replace metadata, but not a tensor, whose table it copies; it decodes all values and brings a table of all Hub tasks.
 */
export type { MetadataEntry, TensorInfo } from './format.js';
export type { GgufHeader, StoredTensor } from './parse.js';
export { GgufFile } from './read.js';
export { BF16, F16, F32, tensorTypeName } from './format.js';
export { arrayLengthOf, f32Entry, scalarOf, stringEntry, u32Entry, wholeNumberOf } from './value.js';
export { type GgufContent, ggufPieces, ggufSize, type TensorSource } from './write.js';
