import { LongEmbedError } from '../error.js';

/**
 * Refuses text with half a surrogate pair, which has no UTF-8 form: every tokenizer would have to guess what was meant.
 * @param what how the message calls the text, with a capital letter
 * @throws LongEmbedError ERR_TOKENIZER that names the first bad index
 */
export function checkWellFormed(text: string, what: string): void {
  if (text.isWellFormed()) return;
  const index = text.search(/\p{Surrogate}/u);
  const unit = text.charCodeAt(index).toString(16).toUpperCase();
  throw new LongEmbedError(
    'ERR_TOKENIZER',
    `${what} is not well-formed Unicode: half a surrogate pair (U+${unit}) stands alone at index ${index}. ` +
      'text.toWellFormed() replaces such characters.',
  );
}

/** Whether a text has nothing but white space. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}
