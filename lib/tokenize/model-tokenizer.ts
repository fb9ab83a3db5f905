import { startJob, type NativeModel } from '../native/index.js';
import type { Tokenizer } from './tokenizer.js';

/** The vocabulary in the model's own file, through llama.cpp. It lives and dies with the model. */
export function modelTokenizer(native: NativeModel): Tokenizer {
  return {
    tokenize: (text) => startJob(() => native.tokenize(text)),
    dispose: () => Promise.resolve(),
  };
}
