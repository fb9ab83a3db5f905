import { addon, startJob, type NativeVocabulary, type NativeVocabularyFacts } from '../native/index.js';
import { modelFile } from '../package.js';
import { checkWellFormed } from './text.js';

/** The vocabulary of a GGUF file, which may hold no weights: for tools and tests that only tokenize. */
export class Vocabulary {
  readonly facts: NativeVocabularyFacts;
  readonly #native: NativeVocabulary;

  private constructor(native: NativeVocabulary) {
    this.#native = native;
    this.facts = native.facts;
  }

  /** @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID */
  static async load(path: string): Promise<Vocabulary> {
    return new Vocabulary(await startJob(() => addon().loadVocabulary(modelFile(path))).promise);
  }

  /**
   * Content tokens of a text.
   * @throws LongEmbedError ERR_TOKENIZER when the text is not well-formed Unicode
   */
  async tokenize(text: string): Promise<Int32Array> {
    checkWellFormed(text, 'The text');
    return startJob(() => this.#native.tokenize(text)).promise;
  }
}
