/** The architectures that `longembed convert` knows, one file each. */
import { BERT, ROTARY_BERT } from './bert.js';
import { GEMMA_EMBEDDING } from './gemma-embedding.js';
import { T5_ENCODER } from './t5-encoder.js';
import type { ConvertedArchitecture } from './architecture.js';

export const CONVERTED_ARCHITECTURES: readonly ConvertedArchitecture[] = [
  BERT,
  ROTARY_BERT,
  T5_ENCODER,
  GEMMA_EMBEDDING,
];

export type { Checkpoint, Conversion, ConvertedArchitecture, DenseLayer } from './architecture.js';
