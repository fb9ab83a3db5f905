import { supportedStrategies } from '../extend/index.js';
import type { NativeFacts } from '../native/index.js';
import type { ModelSettings } from './configure.js';
import type { LoadOptions, ModelInfo } from './types.js';

/** What `EmbeddingModel.info` shows: the file's facts and the settings in use. */
export function describeModel(
  path: string,
  facts: NativeFacts,
  settings: ModelSettings,
  options: LoadOptions,
): ModelInfo {
  return {
    path,
    name: facts.name,
    architecture: facts.architecture,
    preset: settings.preset,
    layers: facts.layers,
    dimensions: facts.dimensions,
    heads: facts.heads,
    headsKv: facts.headsKv,
    feedForward: facts.feedForward,
    parameters: facts.parameters,
    sizeBytes: facts.sizeBytes,
    quantization: facts.quantization,
    vocabularySize: facts.vocabularySize,
    tokenizer: options.tokenizer ?? facts.tokenizer,
    nativeContext: settings.extendFacts.nativeContext,
    nativeContextSource: settings.nativeContextSource,
    fileContext: facts.contextLength,
    extended: settings.extended === null ? null : { ...settings.extended },
    positionEncoding: facts.positionEncoding,
    positionRows: facts.positionRows,
    shortInputs: settings.shortInputs === null ? null : { ...settings.shortInputs },
    ropeBase: facts.ropeBase,
    ropeScale: facts.ropeScale,
    causal: facts.causal,
    pooling: settings.pooling,
    poolingSource: settings.poolingSource,
    prompts: { ...settings.prompts },
    specialTokens: { prefix: [...settings.specialTokens.prefix], suffix: [...settings.specialTokens.suffix] },
    strategies: supportedStrategies(settings.extendFacts),
    engine: facts.engine,
    engineReason: facts.engineReason,
    device: facts.device,
    gpuLayers: facts.gpuLayers,
    placement: facts.placement.map((share) => ({ ...share })),
    threads: facts.threads,
  };
}
