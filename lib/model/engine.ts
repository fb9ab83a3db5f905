import type { NativeModel } from '../native/index.js';
import type { Tokenizer } from '../tokenize/index.js';
import type { ModelSettings } from './configure.js';
import type { Operations } from './operations.js';
import type { PromptTokens } from './prompt-tokens.js';
import type { Warnings } from './warnings.js';

/** A loaded model with all that embedding needs of it. */
export interface Engine {
  readonly native: NativeModel;
  readonly tokenizer: Tokenizer;
  readonly settings: ModelSettings;
  readonly promptTokens: PromptTokens;
  readonly operations: Operations;
  readonly warnings: Warnings;
}
