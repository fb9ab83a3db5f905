/** Text to content tokens: the model's own vocabulary, or a tokenizer.json. */
export { HuggingFaceTokenizer } from './huggingface.js';
export { modelTokenizer } from './tokenizer.js';
export { checkWellFormed, isBlank } from './text.js';
export { checkTokenIds } from './text.js';
export type { Tokenizer } from './tokenizer.js';
export { Vocabulary } from './tokenizer.js';
