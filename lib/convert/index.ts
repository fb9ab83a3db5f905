/**
 * Models in Hugging Face's form as GGUF files: what is read is in safetensors.ts, json-file.ts and vocabulary/, an
 * architecture's names and keys in architectures/.
 */
export { convertModel } from './convert-model.js';
export type { ConvertedFile, ConvertOptions } from './options.js';
export { CONVERT_TYPES, type ConvertType } from './tensors.js';
