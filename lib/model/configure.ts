import { LongEmbedError } from '../error.js';
import type { StrategyContext } from '../extend/index.js';
import type { NativeFacts, Pooling } from '../native/index.js';
import { type Extended, readExtended, readShortInputs } from './extended.js';
import { choosePreset, type Preset, type ShortInputs } from './presets/index.js';
import type { LoadOptions, SettingSource } from './types.js';

/** How a loaded model is used: each setting is the caller's, else the preset's, else the file's. */
export interface ModelSettings {
  readonly preset: string | null;
  /** Numbers in one of its vectors. */
  readonly dimensions: number;
  /** The model as the strategies see it, with the native context in use. */
  readonly strategyContext: StrategyContext;
  readonly nativeContextSource: SettingSource;
  /** How `longembed extend` made the file; null: it is an original. */
  readonly extended: Extended | null;
  readonly pooling: Pooling | null;
  readonly poolingSource: SettingSource | null;
  readonly filePooling: NativeFacts['pooling'];
  readonly prompts: { readonly query: string; readonly document: string };
  readonly specialTokens: SpecialTokens;
  readonly shortInputs: ShortInputs | null;
  /** Whether the preset says that tokens attend in both directions. */
  readonly bidirectional: boolean;
}

/** @throws LongEmbedError ERR_INVALID_OPTION when an option does not fit the model */
export function configure(facts: NativeFacts, options: LoadOptions): ModelSettings {
  const preset = choosePreset(options.preset, facts);
  const context = chooseNativeContext(facts, options.nativeContext, preset);
  const pooling = choosePooling(facts, options, preset);
  const { positionEncoding, positionRows, causal, ropeBase, ropeDimensions, engine } = facts;
  return {
    preset: preset?.name ?? null,
    dimensions: facts.dimensions,
    strategyContext: {
      nativeContext: context.value,
      positionEncoding,
      positionRows,
      causal,
      ropeBase,
      ropeDimensions,
      engine,
    },
    nativeContextSource: context.source,
    extended: readExtended(facts.metadata),
    pooling: pooling.value,
    poolingSource: pooling.source,
    filePooling: facts.pooling,
    prompts: {
      query: options.prompts?.query ?? preset?.prompts.query ?? '',
      document: options.prompts?.document ?? preset?.prompts.document ?? '',
    },
    specialTokens: chooseSpecialTokens(
      {
        bos: options.specialTokens?.bos ?? preset?.specialTokens?.bos,
        eos: options.specialTokens?.eos ?? preset?.specialTokens?.eos,
      },
      withEos(facts, preset?.specialTokens?.eosToken),
    ),
    shortInputs: chooseShortInputs(facts, preset),
    bidirectional: preset?.bidirectional ?? false,
  };
}

function choosePooling(
  { pooling: fromFile }: NativeFacts,
  options: LoadOptions,
  preset: Preset | null,
): Setting<Pooling> | { value: null; source: null } {
  if (options.pooling !== undefined) return { value: options.pooling, source: 'option' };
  if (preset !== null) return { value: preset.pooling, source: 'preset' };
  if (fromFile === 'mean' || fromFile === 'cls' || fromFile === 'last')
    return { value: fromFile, source: 'file' };
  return { value: null, source: null };
}

function chooseShortInputs(facts: NativeFacts, preset: Preset | null): ShortInputs | null {
  if (readExtended(facts.metadata) !== null) return shortInputsOfFile(facts);
  // The rows of an extended file are no longer where the preset says.
  if (preset?.shortInputs === undefined) return null;
  const { upTo, stride } = preset.shortInputs;
  if ((upTo - 1) * stride < rowsOf(facts)) return preset.shortInputs;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option preset is ${preset.name}, which uses positions up to ${(upTo - 1) * stride}, but this file's position matrix has ` +
      `${facts.positionRows} rows: it is another model.`,
  );
}

/** @throws LongEmbedError ERR_MODEL_INVALID when the file names positions that it has no rows for */
function shortInputsOfFile(facts: NativeFacts): ShortInputs | null {
  const own = readShortInputs(facts.metadata);
  if (own === null || (own.upTo - 1) * own.stride < rowsOf(facts)) return own;
  throw new LongEmbedError(
    'ERR_MODEL_INVALID',
    `The file says that texts of up to ${own.upTo} tokens take every ${own.stride}th position, but its position matrix has ` +
      `${facts.positionRows} rows: it was changed after it was tuned.`,
  );
}

/** A setting and its source. */
export interface Setting<T> {
  readonly value: T;
  readonly source: SettingSource;
}

type ContextFacts = Pick<NativeFacts, 'contextLength' | 'metadata' | 'positionEncoding' | 'positionRows'>;

/** A model cannot have been trained beyond the rows of its position matrix. */
export function rowsOf({ positionEncoding, positionRows }: ContextFacts): number {
  return positionEncoding === 'absolute' ? positionRows : Infinity;
}

/**
 * Lo: the caller's, else the preset's, else the file's. A file that `longembed extend` made has left the preset's
 * behind: its own context is what it was made for.
 * @throws LongEmbedError ERR_INVALID_OPTION when the caller's goes past the position matrix
 */
export function chooseNativeContext(
  facts: ContextFacts,
  option: number | undefined,
  preset: Preset | null,
): Setting<number> {
  const rows = rowsOf(facts);
  if (option !== undefined) {
    if (option <= rows) return { value: option, source: 'option' };
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The option nativeContext is ${option}, but this model's position matrix has ${rows} rows: give at most that. ` +
        'To embed longer texts, use a strategy (extend).',
    );
  }
  const extended = readExtended(facts.metadata) !== null;
  if (preset !== null && !extended && preset.nativeContext <= rows) {
    return { value: preset.nativeContext, source: 'preset' };
  }
  return { value: Math.min(facts.contextLength, rows), source: 'file' };
}

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

/** The facts of a file with another end token; one that is not in the vocabulary changes nothing. */
function withEos(facts: NativeFacts, eosToken: number | undefined): NativeFacts {
  if (eosToken === undefined || eosToken >= facts.vocabularySize) return facts;
  return { ...facts, eosToken, suffixTokens: [eosToken] };
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
