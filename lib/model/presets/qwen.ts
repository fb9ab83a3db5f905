import type { Preset } from './preset.js';
import { qwen } from './shapes.js';

const TASK = 'Given a web search query, retrieve relevant passages that answer the query';

/** <|endoftext|> in Qwen's vocabularies: files converted before llama.cpp#14314 name <|im_end|>, the end of a chat's turn, as EOS. */
const END_OF_TEXT = 151643;

const DECODER = {
  pooling: 'last',
  nativeContext: 32768,
  specialTokens: { bos: false, eos: true, eosToken: END_OF_TEXT },
} as const;

/** Prompt as in config_sentence_transformers.json, without a blank after "Query:". */
const QWEN3 = { ...DECODER, prompts: { query: `Instruct: ${TASK}\nQuery:`, document: '' } } as const;

/** Attention in both directions: newer files say `attention.causal` false. */
const GTE = {
  ...DECODER,
  prompts: { query: `Instruct: ${TASK}\nQuery: `, document: '' },
  bidirectional: true,
} as const;

/** Sources: the cards of Qwen/Qwen3-Embedding-* and Alibaba-NLP/gte-Qwen2-*-instruct. */
export const QWEN_PRESETS: readonly Preset[] = [
  { name: 'qwen3-embedding-0.6b', shape: qwen('qwen3', 28, 1024), ...QWEN3 },
  { name: 'qwen3-embedding-4b', shape: qwen('qwen3', 36, 2560), ...QWEN3 },
  { name: 'qwen3-embedding-8b', shape: qwen('qwen3', 36, 4096), ...QWEN3 },
  { name: 'gte-qwen2-1.5b-instruct', shape: qwen('qwen2', 28, 1536), ...GTE },
  { name: 'gte-qwen2-7b-instruct', shape: qwen('qwen2', 28, 3584), ...GTE },
];
