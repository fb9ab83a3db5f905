/** Text to content tokens: the model's own vocabulary, or a tokenizer.json. */
export { HuggingFaceTokenizer } from './huggingface.js';
export { modelTokenizer } from './tokenizer.js';
export { checkTokenIds, checkWellFormed, isBlank, joinTokens } from './text.js';
export type { Tokenizer } from './tokenizer.js';
export { Vocabulary } from './tokenizer.js';
