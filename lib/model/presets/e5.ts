import type { Preset } from './preset.js';
import { BERT, MISTRAL_7B, ROPE_BERT_BASE, withRows, XLM_BERT } from './shapes.js';

/** Settings common to Microsoft's bidirectional E5 models. */
const E5 = {
  pooling: 'mean',
  prompts: { query: 'query: ', document: 'passage: ' },
  nativeContext: 512,
} as const;

/** The task that the LongEmbed paper gives the instructed models. */
const RETRIEVAL = 'Given a web search query, retrieve relevant passages that answer the query';
const INSTRUCTED = { query: `Instruct: ${RETRIEVAL}\nQuery: `, document: '' } as const;

const MISTRAL = {
  shape: MISTRAL_7B,
  pooling: 'last',
  prompts: INSTRUCTED,
  // Trained at 4,096; its file says 32,768, which is Mistral's.
  nativeContext: 4096,
  // It pools the EOS, which its file does not tell the tokenizer to add.
  specialTokens: { bos: true, eos: true },
} as const;

/**
 * Sources: the cards of intfloat/e5-*, intfloat/multilingual-e5-*, dwzhu/e5rope-base, dwzhu/e5-base-4k and
 * Salesforce/SFR-Embedding-Mistral; the task of github.com/dwzhu-pku/LongEmbed.
 */
export const E5_PRESETS: readonly Preset[] = [
  { name: 'e5-small', shape: BERT.small, ...E5 },
  { name: 'e5-small-v2', shape: BERT.small, ...E5 },
  { name: 'e5-base', shape: BERT.base, ...E5 },
  { name: 'e5-base-v2', shape: BERT.base, ...E5 },
  { name: 'e5-large', shape: BERT.large, ...E5 },
  { name: 'e5-large-v2', shape: BERT.large, ...E5 },
  { name: 'multilingual-e5-small', shape: XLM_BERT.small, ...E5 },
  { name: 'multilingual-e5-base', shape: XLM_BERT.base, ...E5 },
  { name: 'multilingual-e5-large', shape: XLM_BERT.large, ...E5 },
  { name: 'multilingual-e5-large-instruct', shape: XLM_BERT.large, ...E5, prompts: INSTRUCTED },
  { name: 'e5rope-base', aliases: ['e5-rope-base'], shape: ROPE_BERT_BASE, ...E5 },
  {
    name: 'e5-base-4k',
    shape: withRows(BERT.base, 4096),
    ...E5,
    nativeContext: 4096,
    // Rows 0, 8, 16 … of its position matrix are E5-Base's own; the rows between were fine-tuned, for long inputs only.
    shortInputs: { upTo: 512, stride: 8 },
  },
  { name: 'e5-mistral-7b-instruct', aliases: ['e5-mistral', 'e5-mistral-7b'], ...MISTRAL },
  // Trained from it, in its form.
  { name: 'sfr-embedding-mistral', ...MISTRAL },
];
