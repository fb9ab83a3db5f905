import type { Preset } from './preset.js';
import { MODERN_BERT } from './shapes.js';

const CLS_8K = { pooling: 'cls', prompts: { query: '', document: '' }, nativeContext: 8192 } as const;

/** Trained with Nomic's prompts. */
const NOMIC_8K = {
  pooling: 'mean',
  prompts: { query: 'search_query: ', document: 'search_document: ' },
  nativeContext: 8192,
} as const;

/** Sources: the cards of nomic-ai, lightonai, Alibaba-NLP and ibm-granite. */
export const MODERN_BERT_PRESETS: readonly Preset[] = [
  { name: 'modernbert-embed-base', shape: MODERN_BERT.base, ...NOMIC_8K },
  { name: 'modernbert-embed-large', shape: MODERN_BERT.large, ...NOMIC_8K },
  { name: 'gte-modernbert-base', shape: MODERN_BERT.base, ...CLS_8K },
  { name: 'granite-embedding-english-r2', shape: MODERN_BERT.base, ...CLS_8K },
  { name: 'granite-embedding-small-english-r2', shape: MODERN_BERT.small, ...CLS_8K },
];
