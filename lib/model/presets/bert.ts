import type { Preset } from './preset.js';
import { ALIBI_BERT, BERT, NOMIC_BERT_BASE, NOMIC_BERT_MOE, XLM_BERT } from './shapes.js';

const NO_PROMPTS = { query: '', document: '' } as const;

const MEAN_512 = { pooling: 'mean', prompts: NO_PROMPTS, nativeContext: 512 } as const;

const BGE = {
  pooling: 'cls',
  prompts: { query: 'Represent this sentence for searching relevant passages: ', document: '' },
  nativeContext: 512,
} as const;

/** Data sets that distinguish the "all" models from the "multi-qa" models of the same origin. */
const ALL_MINILM_DATA = ['code-search-net', 'multi-nli', 'wikihow'] as const;

const JINA_V2 = { pooling: 'mean', prompts: NO_PROMPTS, nativeContext: 8192 } as const;

const NOMIC = {
  shape: NOMIC_BERT_BASE,
  pooling: 'mean',
  prompts: { query: 'search_query: ', document: 'search_document: ' },
  // Trained at 2,048; the 8,192 of its model card come from dynamic NTK scaling.
  nativeContext: 2048,
} as const;

/**
 * Sources: the cards of thenlper/gte-*, BAAI/bge-*, Snowflake/snowflake-arctic-embed-l-v2.0, mixedbread-ai/mxbai-embed-large-v1,
 * facebook/contriever*, sentence-transformers/all-MiniLM-*, jinaai/jina-embeddings-v2-* and nomic-ai/nomic-embed-text-*.
 */
export const BERT_PRESETS: readonly Preset[] = [
  { name: 'gte-small', shape: BERT.small, ...MEAN_512 },
  { name: 'gte-base', shape: BERT.base, ...MEAN_512 },
  { name: 'gte-large', shape: BERT.large, ...MEAN_512 },

  { name: 'bge-small-en-v1.5', aliases: ['bge-small-en', 'bge-small'], shape: BERT.small, ...BGE },
  { name: 'bge-base-en-v1.5', aliases: ['bge-base-en', 'bge-base'], shape: BERT.base, ...BGE },
  { name: 'bge-large-en-v1.5', aliases: ['bge-large-en', 'bge-large'], shape: BERT.large, ...BGE },
  {
    name: 'bge-m3',
    shape: { ...XLM_BERT.large, positionRows: [8192, 8194] },
    pooling: 'cls',
    prompts: NO_PROMPTS,
    nativeContext: 8192,
  },

  {
    name: 'snowflake-arctic-embed-l-v2.0',
    aliases: ['arctic-embed-l-v2.0', 'snowflake-arctic-embed2'],
    shape: { ...XLM_BERT.large, positionRows: [8192, 8194] },
    pooling: 'cls',
    prompts: { query: 'query: ', document: '' },
    nativeContext: 8192,
  },
  { name: 'mxbai-embed-large-v1', aliases: ['mxbai-embed-large'], shape: BERT.large, ...BGE },

  { name: 'contriever', shape: BERT.base, ...MEAN_512 },
  { name: 'contriever-msmarco', shape: BERT.base, ...MEAN_512 },

  // 512 rows of positions, trained and used at fewer.
  {
    name: 'all-minilm-l6-v2',
    trained: { from: 'minilm-l6-h384-uncased', on: ALL_MINILM_DATA },
    shape: BERT.l6,
    ...MEAN_512,
    nativeContext: 256,
  },
  {
    name: 'all-minilm-l12-v2',
    trained: { from: 'minilm-l12-h384-uncased', on: ALL_MINILM_DATA },
    shape: BERT.small,
    ...MEAN_512,
    nativeContext: 128,
  },

  {
    name: 'jina-embeddings-v2-base-en',
    // All sizes and languages are trained the same way, and their files have the name of the code that they share.
    aliases: [
      'jina-bert-implementation',
      'jina-v2',
      'jina-embeddings-v2-base-code',
      'jina-embeddings-v2-base-de',
      'jina-embeddings-v2-base-es',
      'jina-embeddings-v2-base-zh',
    ],
    shape: ALIBI_BERT.base,
    ...JINA_V2,
  },
  {
    name: 'jina-embeddings-v2-small-en',
    aliases: ['jina-bert-implementation'],
    shape: ALIBI_BERT.small,
    ...JINA_V2,
  },

  { name: 'nomic-embed-text-v1', aliases: ['nomic-v1'], ...NOMIC },
  { name: 'nomic-embed-text-v1.5', aliases: ['nomic-v1.5'], ...NOMIC },
  {
    name: 'nomic-embed-text-v2-moe',
    aliases: ['nomic-embed-text-v2'],
    ...NOMIC,
    shape: NOMIC_BERT_MOE,
    nativeContext: 512,
  },
];
