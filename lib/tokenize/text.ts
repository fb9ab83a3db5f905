import { LongEmbedError } from '../error.js';

/**
 * Refuses text with a lone surrogate, which has no UTF-8 form: every tokenizer would have to guess.
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

/** Token ids of some lists, one after the other. */
export function joinTokens(lists: readonly ArrayLike<number>[]): Int32Array<ArrayBuffer> {
  const all = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

/**
 * A copy of token ids that a caller gave, each checked against the vocabulary.
 * @throws LongEmbedError ERR_TOKENIZER that names the first bad id and its index
 */
export function checkTokenIds(ids: ArrayLike<unknown>, vocabularySize: number): Int32Array<ArrayBuffer> {
  const checked = new Int32Array(ids.length);
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index];
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= vocabularySize) {
      throw new LongEmbedError(
        'ERR_TOKENIZER',
        `Token ${index} is ${String(id)}: this model's tokens are whole numbers from 0 to ${vocabularySize - 1}.`,
      );
    }
    checked[index] = id as number;
  }
  return checked;
}
