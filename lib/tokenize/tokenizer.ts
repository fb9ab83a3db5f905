import {
  type NativeJob,
  startJob,
  type NativeModel,
  addon,
  type NativeVocabulary,
  type NativeVocabularyFacts,
  type Normalizer,
} from '../native/index.js';
import { locateModel, type LocateOptions } from '../locate-model.js';
import { checkWellFormed } from './text.js';

/** Turns text into content tokens: no special tokens are added, and text that reads like one is plain text. */
export interface Tokenizer {
  /** @param text well-formed Unicode */
  tokenize(text: string): NativeJob<Int32Array>;
  /** Frees its resources once no work is running, which is rejected or ends by itself; a second call does nothing. */
  dispose(): Promise<void>;
}

/** A text as the model's own tokenizer sees it. The native part cannot compose characters: that takes Unicode's tables. */
function normalized(text: string, normalizer: Normalizer): string {
  return normalizer === 'nfc' ? text.normalize('NFC') : text;
}

/** The vocabulary in the model's own file, through llama.cpp. It exists as long as the model. */
export function modelTokenizer(native: NativeModel): Tokenizer {
  const running = new Set<Promise<unknown>>();
  const { normalizer } = native.facts;
  return {
    tokenize: (text) => {
      const job = startJob(() => native.tokenize(normalized(text, normalizer)));
      const end = (): unknown => running.delete(job.promise);
      running.add(job.promise);
      job.promise.then(end, end);
      return job;
    },
    // a text in work keeps the model and its file, which Windows lets nobody delete until then
    dispose: async () => {
      await Promise.allSettled(running);
    },
  };
}

/** The vocabulary of a GGUF file, which may hold no weights: for tools and tests that only tokenize. */
export class Vocabulary {
  readonly facts: NativeVocabularyFacts;
  readonly #native: NativeVocabulary;

  private constructor(native: NativeVocabulary) {
    this.#native = native;
    this.facts = native.facts;
  }

  /**
   * @param given path of a model, or its name
   * @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID; what `locateModel` throws
   */
  static async load(given: string, options: LocateOptions = {}): Promise<Vocabulary> {
    const path = await locateModel(given, options);
    return new Vocabulary(await startJob(() => addon().loadVocabulary(path)).promise);
  }

  /**
   * Content tokens of a text.
   * @throws LongEmbedError ERR_TOKENIZER when the text is not well-formed Unicode
   */
  async tokenize(text: string): Promise<Int32Array> {
    checkWellFormed(text, 'The text');
    return startJob(() => this.#native.tokenize(normalized(text, this.facts.normalizer))).promise;
  }
}
