import { LongEmbedError } from '../error.js';
import type { StrategyContext } from '../extend/index.js';
import type { NativeFacts, Pooling } from '../native/index.js';
import { type Extended, readExtended } from './extended.js';
import { chooseNativeContext, rowsOf, type Setting } from './native-context.js';
import { choosePreset, type Preset, type ShortInputs } from './presets/index.js';
import { chooseSpecialTokens, type SpecialTokens } from './special-tokens.js';
import type { LoadOptions, SettingSource } from './types.js';

/** How a loaded model is used: each setting is the caller's, else the preset's, else the file's. */
export interface ModelSettings {
  readonly preset: string | null;
  /** What the strategies go by, with the native context that was settled on. */
  readonly strategyContext: StrategyContext;
  readonly nativeContextSource: SettingSource;
  /** How `longembed extend` made the file; null: it did not. */
  readonly extended: Extended | null;
  readonly pooling: Pooling | null;
  readonly poolingSource: SettingSource | null;
  readonly prompts: { readonly query: string; readonly document: string };
  readonly specialTokens: SpecialTokens;
  readonly shortInputs: ShortInputs | null;
}

/** @throws LongEmbedError ERR_INVALID_OPTION when an option does not go with the model */
export function configure(facts: NativeFacts, options: LoadOptions): ModelSettings {
  const preset = choosePreset(options.preset, facts);
  const context = chooseNativeContext(facts, options.nativeContext, preset);
  const pooling = choosePooling(facts, options, preset);
  const { positionEncoding, positionRows, causal, ropeBase, engine } = facts;
  return {
    preset: preset?.name ?? null,
    strategyContext: {
      nativeContext: context.value,
      positionEncoding,
      positionRows,
      causal,
      ropeBase,
      engine,
    },
    nativeContextSource: context.source,
    extended: readExtended(facts.metadata),
    pooling: pooling.value,
    poolingSource: pooling.source,
    prompts: {
      query: options.prompts?.query ?? preset?.prompts.query ?? '',
      document: options.prompts?.document ?? preset?.prompts.document ?? '',
    },
    specialTokens: chooseSpecialTokens(
      {
        bos: options.specialTokens?.bos ?? preset?.specialTokens?.bos,
        eos: options.specialTokens?.eos ?? preset?.specialTokens?.eos,
      },
      facts,
    ),
    shortInputs: chooseShortInputs(facts, preset),
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
  // The rows of an extended file are no longer where the preset says.
  if (preset?.shortInputs === undefined || readExtended(facts.metadata) !== null) return null;
  const { upTo, stride } = preset.shortInputs;
  if ((upTo - 1) * stride < rowsOf(facts)) return preset.shortInputs;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option preset is ${preset.name}, which uses positions up to ${(upTo - 1) * stride}, but this file's position matrix has ` +
      `${facts.positionRows} rows: it is another model.`,
  );
}
