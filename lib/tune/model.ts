import { LongEmbedError } from '../error.js';
import { parseExtend, formatExtend, resolveExtend, type ResolvedExtend } from '../extend/index.js';
import { fileFacts, metadataOf } from '../extend-file/file-facts.js';
import { refuseExtended, refuseSplit } from '../extend-file/extend-model-file.js';
import type { GgufFile } from '../gguf/index.js';
import { BatchQueue } from '../model/batch-queue.js';
import { configure, chooseNativeContext } from '../model/configure.js';
import { type Engine, Operations, PromptTokens, Warnings } from '../model/engine.js';
import { loadNative } from '../model/load.js';
import { choosePreset } from '../model/presets/index.js';
import { modelTokenizer } from '../tokenize/index.js';
import type { TuneOptions } from './options.js';

/**
 * The strategy for a model that can be tuned with it, by the file's header alone: a model of gigabytes is refused before it is loaded.
 * @throws LongEmbedError ERR_ARCHITECTURE_UNSUPPORTED, ERR_STRATEGY_UNSUPPORTED, ERR_MODEL_INVALID, ERR_INVALID_OPTION
 */
export function resolveTuning(file: GgufFile, options: TuneOptions): ResolvedExtend {
  const facts = fileFacts(file.header, metadataOf(file));
  refuseSplit(file.path, facts);
  refuseExtended(file.path, facts, 'tune');
  if (facts.positionEncoding !== 'absolute') throw withoutMatrix(file.path, facts.positionEncoding);
  if (facts.architecture !== 'bert') {
    throw unsupported(
      `"${file.path}" is of the architecture ${facts.architecture}, and tuning is for bert (E5, GTE, BGE, Contriever, MiniLM): ` +
        'only for it there is a backward pass.',
    );
  }
  const preset = choosePreset(options.preset, facts);
  if (preset?.shortInputs !== undefined) {
    throw new LongEmbedError(
      'ERR_MODEL_INVALID',
      `"${file.path}" is ${preset.name}, whose position matrix was extended and tuned already: tune the original.`,
    );
  }
  const native = chooseNativeContext(facts, options.nativeContext, preset);
  const given = parseExtend(
    typeof options.extend === 'string' ? options.extend : formatExtend(options.extend),
  );
  if (given.method !== 'pi' && given.method !== 'rp') {
    throw new LongEmbedError(
      'ERR_STRATEGY_UNSUPPORTED',
      `${given.method} gives no rows to learn from: tune with pi (rows between those of the original learn) or rp (rows after them).`,
    );
  }
  if (given.attentionScale !== undefined && given.attentionScale !== 'off') {
    throw new LongEmbedError(
      'ERR_STRATEGY_UNSUPPORTED',
      'A tuned file has no place for attention scaling: leave it out.',
    );
  }
  const resolved = resolveExtend(
    { ...given, attentionScale: 'off' },
    { ...facts, nativeContext: native.value, engine: 'graph' },
  );
  if (resolved.target > native.value) return resolved;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The target of ${resolved.spec} is the native context of ${native.value} tokens: there are no rows to learn. Give a higher one.`,
  );
}

const REASONS = {
  rope:
    'has rotary positions (RoPE), which are computed from the index and have no rows that could learn. ' +
    'Extend it without training: ntk, se or pi in longembed embed',
  alibi: 'has biases by distance (ALiBi) instead of positions, and no rows that could learn',
  relative: 'has biases by distance (T5) instead of positions, and no rows that could learn',
  none: 'has no positions, and no rows that could learn',
} as const;

function withoutMatrix(path: string, encoding: keyof typeof REASONS): LongEmbedError {
  return unsupported(`"${path}" ${REASONS[encoding]}. Tuning is for models with a position matrix (bert).`);
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_ARCHITECTURE_UNSUPPORTED', message);
}

/** Loads a model to tokenize for it and to tune it: in this process, on the CPU, in memory that no other program can change. */
export async function loadForTuning(path: string, options: TuneOptions): Promise<Engine> {
  const { threads, nativeContext, preset, pooling, prompts, signal, onWarning } = options;
  const load = { threads, nativeContext, preset, pooling, prompts, signal };
  const native = await loadNative(path, { ...load, backend: 'cpu', mmap: false, isolate: false });
  try {
    const tokenizer = modelTokenizer(native);
    return {
      native,
      tokenizer,
      settings: configure(native.facts, load),
      promptTokens: new PromptTokens(tokenizer),
      operations: new Operations(),
      batches: new BatchQueue(native),
      warnings: new Warnings(onWarning),
    };
  } catch (error) {
    await native.dispose();
    throw error;
  }
}
