import { LongEmbedError } from '../error.js';
import type { NativeFacts } from '../native/index.js';

/** The token ids around a sequence. */
export interface SpecialTokens {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/**
 * The special tokens of every sequence: as the file's vocabulary flags say, unless the caller or the preset says
 * otherwise. `bos` is about those before the content ([CLS], BOS), `eos` about those after it ([SEP], EOS).
 * @throws LongEmbedError ERR_INVALID_OPTION when a token is asked for that the vocabulary lacks
 */
export function chooseSpecialTokens(
  wanted: { readonly bos?: boolean | undefined; readonly eos?: boolean | undefined },
  facts: NativeFacts,
): SpecialTokens {
  return {
    prefix: oneSide('bos', wanted.bos, facts.prefixTokens, facts.bosToken),
    suffix: oneSide('eos', wanted.eos, facts.suffixTokens, facts.eosToken),
  };
}

function oneSide(
  key: string,
  wanted: boolean | undefined,
  fromFile: readonly number[],
  token: number,
): readonly number[] {
  if (wanted === undefined) return fromFile;
  if (!wanted) return [];
  if (fromFile.length > 0) return fromFile;
  if (token >= 0) return [token];
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option specialTokens.${key} (or the preset) asks for the ${key.toUpperCase()} token, but this model's vocabulary has none: ` +
      `set specialTokens.${key} to false.`,
  );
}
