/** Tokens of texts that only their server's model can count exactly, unless the user has its tokenizer.json. */
import { HuggingFaceTokenizer } from '../../lib/tokenize/index.js';

/** Counts tokens, and cuts texts. */
export interface TokenCounter {
  /** Whether its counts are the server's, special tokens aside. */
  readonly exact: boolean;
  /** Tokens of a text, or an estimate. */
  count(text: string): Promise<number>;
  /** The most tokens that a text can have. */
  bound(text: string): Promise<number>;
  /** The longest beginning of a text with at most so many tokens. Only exact counters have it. */
  cut(text: string, tokens: number): Promise<string>;
  dispose(): Promise<void>;
}

/** Tokens that a server may add to every text: [CLS] and [SEP]. */
export const SPECIAL_TOKENS = 2;

/** Counts by a tokenizer.json. @throws LongEmbedError ERR_TOKENIZER */
export async function exactCounter(path: string): Promise<TokenCounter> {
  const tokenizer = await HuggingFaceTokenizer.load(path, 2 ** 31 - 1);
  const tokensOf = async (text: string): Promise<number> => (await tokenizer.tokenize(text).promise).length;
  return {
    exact: true,
    count: tokensOf,
    bound: async (text) => (await tokensOf(text)) + SPECIAL_TOKENS,
    cut: (text, tokens) => longestBeginning(text, async (part) => (await tokensOf(part)) <= tokens),
    dispose: () => tokenizer.dispose(),
  };
}

/** Characters of one token in English, by OpenAI's rule of thumb. */
const CHARACTERS_PER_TOKEN = 4;

/** Estimates. A token of any usual vocabulary is at least one byte of UTF-8, which bounds their number. */
export const ESTIMATE: TokenCounter = {
  exact: false,
  count: (text) => Promise.resolve(estimateTokens(text)),
  bound: (text) => Promise.resolve(Buffer.byteLength(text) + SPECIAL_TOKENS),
  cut: () => Promise.reject(new Error('an estimate cannot cut a text')),
  dispose: () => Promise.resolve(),
};

/** A quarter of a token for each ASCII character, one for each other character. */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let others = 0;
  for (const character of text) {
    if (character < '\u0080') ascii += 1;
    else others += 1;
  }
  return Math.ceil(ascii / CHARACTERS_PER_TOKEN) + others;
}

/** The longest beginning of a text, of whole characters, that fits; fitting ones must be shorter than others. */
async function longestBeginning(text: string, fits: (part: string) => Promise<boolean>): Promise<string> {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await fits(beginning(text, middle))) low = middle;
    else high = middle - 1;
  }
  return beginning(text, low);
}

/** The first characters of a text, without half a surrogate pair at their end. */
export function beginning(text: string, length: number): string {
  const part = text.slice(0, length);
  return part.isWellFormed() ? part : part.slice(0, -1);
}
