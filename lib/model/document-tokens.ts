import { wholeCharacters } from '../text.js';

/** The tokens of a document, or of its start. */
export interface DocumentTokens {
  readonly ids: Int32Array;
  /**
   * Tokens of the whole text, prompt included, estimated from its start; null when `ids` are all of them. It is then
   * certain that the text has more than twice the limit.
   */
  readonly estimate: number | null;
}

/** Texts of up to so many UTF-16 units are always tokenized as a whole: that takes a fraction of a second. */
const MAX_WHOLE = 1 << 20;
/** UTF-16 units per token that are tried first; prose has about five. */
const UNITS_PER_TOKEN = 16;
/**
 * Tokens beyond twice the limit after which the rest no longer matters. Only the tokens of the last word of a start can
 * differ from those of the whole text; a WordPiece word of up to 100 letters can become one unknown token.
 */
const MARGIN_TOKENS = 1024;

/**
 * Tokenizes a text of which at most `limit` tokens can be used. A text of megabytes is tokenized only as far as it takes to
 * see that it is too long.
 * @param text prompt and text
 * @param cut whether its first `limit` tokens must be those of the whole text, because the rest will be cut
 */
export async function tokenizeUpTo(
  text: string,
  limit: number,
  cut: boolean,
  tokenize: (text: string) => Promise<Int32Array>,
): Promise<DocumentTokens> {
  const enough = 2 * limit + MARGIN_TOKENS;
  for (let units = Math.max(MAX_WHOLE / 4, enough * UNITS_PER_TOKEN); 4 * units < text.length; units *= 4) {
    const end = cut ? lastBreak(text, units) : wholeCharacters(text, units);
    if (end === null) break;
    const ids = await tokenize(text.slice(0, end));
    if (ids.length > enough) {
      return { ids, estimate: Math.round((ids.length / end) * text.length) };
    }
  }
  return { ids: await tokenize(text), estimate: null };
}

/**
 * The last end of a word in the second half of the first `units`; null when there is none. Tokenizers split words there: all
 * tokens but those of the last word are the same as in the whole text.
 */
function lastBreak(text: string, units: number): number | null {
  for (let end = units; end > units / 2; end--) {
    if (/\s/.test(text.charAt(end)) && /\S/.test(text.charAt(end - 1))) return end;
  }
  return null;
}
