import type { Tokenizer } from '../tokenize/index.js';

/** More than any program has prompts; a program that makes one up for every text must not fill the memory. */
const KEPT = 32;

/** Tokens of prompts, kept: every document needs its prompt's. */
export class PromptTokens {
  readonly #tokenizer: Tokenizer;
  readonly #kept = new Map<string, Promise<Int32Array>>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  get(prompt: string): Promise<Int32Array> {
    const kept = this.#kept.get(prompt);
    if (kept !== undefined) return kept;
    const tokens =
      prompt === '' ? Promise.resolve(new Int32Array(0)) : this.#tokenizer.tokenize(prompt).promise;
    tokens.catch(() => this.#kept.delete(prompt));
    this.#kept.set(prompt, tokens);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return tokens;
  }
}
