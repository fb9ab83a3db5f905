import { supportedStrategies } from '../extend/index.js';
import { omit } from '../omit.js';
import type { NativeFacts } from '../native/index.js';
import type { ModelSettings } from './configure.js';
import { modelWarnings } from './model-warnings.js';
import type { LoadOptions, ModelInfo } from './types.js';

/** Makes `EmbeddingModel.info`: the model's facts and the settings in use, as copies that the caller may change. */
export function describeModel(
  path: string,
  native: NativeFacts,
  settings: ModelSettings,
  options: LoadOptions,
): ModelInfo {
  const facts = omit(
    native,
    'metadata',
    'contextLength',
    'normalizer',
    'prefixTokens',
    'suffixTokens',
    'bosToken',
    'eosToken',
    'expressLane',
  );
  const {
    preset,
    nativeContextSource,
    extended,
    pooling,
    poolingSource,
    filePooling,
    prompts,
    specialTokens,
    shortInputs,
  } = settings;
  return structuredClone({
    path,
    ...facts,
    preset,
    tokenizer: options.tokenizer ?? facts.tokenizer,
    nativeContext: settings.strategyContext.nativeContext,
    nativeContextSource,
    fileContext: native.contextLength,
    extended,
    shortInputs,
    pooling,
    poolingSource,
    filePooling,
    prompts,
    specialTokens: { prefix: [...specialTokens.prefix], suffix: [...specialTokens.suffix] },
    precision: options.precision ?? 'full',
    strategies: supportedStrategies(settings.strategyContext),
    warnings: modelWarnings(native, settings, options),
  });
}
