import { LongEmbedError } from '../error.js';

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
