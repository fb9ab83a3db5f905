/** Text to content tokens: the model's own vocabulary, or a tokenizer.json. */
export { HuggingFaceTokenizer } from './huggingface.js';
export { modelTokenizer } from './model-tokenizer.js';
export { checkWellFormed, isBlank } from './text.js';
export { checkTokenIds } from './token-ids.js';
export type { Tokenizer } from './tokenizer.js';
export { Vocabulary } from './vocabulary.js';
