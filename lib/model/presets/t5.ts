import type { Preset } from './preset.js';
import { T5_BASE, T5_LARGE } from './shapes.js';

const MEAN = { pooling: 'mean', prompts: { query: '', document: '' } } as const;

/** Sources: the cards and sentence_bert_config.json of sentence-transformers/gtr-t5-* and sentence-t5-*. */
export const T5_PRESETS: readonly Preset[] = [
  { name: 'gtr-t5-base', aliases: ['gtr-base'], shape: T5_BASE, ...MEAN, nativeContext: 512 },
  { name: 'gtr-t5-large', aliases: ['gtr-large'], shape: T5_LARGE, ...MEAN, nativeContext: 512 },
  { name: 'sentence-t5-base', shape: T5_BASE, ...MEAN, nativeContext: 256 },
  { name: 'sentence-t5-large', shape: T5_LARGE, ...MEAN, nativeContext: 256 },
];
