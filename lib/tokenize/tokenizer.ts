import type { NativeJob } from '../native/index.js';

/** Turns text into content tokens: no special tokens are added, and text that reads like one is plain text. */
export interface Tokenizer {
  /** @param text well-formed Unicode */
  tokenize(text: string): NativeJob<Int32Array>;
  /** Rejects what still runs and frees what it holds; a second call does nothing. */
  dispose(): Promise<void>;
}
