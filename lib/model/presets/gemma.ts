import type { Preset } from './preset.js';
import { EMBEDDING_GEMMA } from './shapes.js';

/** Source: the card of google/embeddinggemma-300m. */
export const GEMMA_PRESETS: readonly Preset[] = [
  {
    name: 'embeddinggemma-300m',
    aliases: [
      'embedding-gemma-300m',
      'embeddinggemma-300m-qat-q4-0-unquantized',
      'embeddinggemma-300m-qat-q8-0-unquantized',
    ],
    shape: EMBEDDING_GEMMA,
    pooling: 'mean',
    prompts: { query: 'task: search result | query: ', document: 'title: none | text: ' },
    nativeContext: 2048,
  },
];
