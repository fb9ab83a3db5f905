import { LongEmbedError } from '../error.js';
import {
  type StrategyContext,
  formatExtend,
  parseExtend,
  planDocument,
  type ResolvedExtend,
  resolveExtend,
} from '../extend/index.js';
import { GgufFile, ggufSize, saveGguf } from '../gguf/index.js';
import { throwIfAborted } from '../abort.js';
import { readExtended } from '../model/extended.js';
import { chooseNativeContext } from '../model/configure.js';
import { choosePreset } from '../model/presets/index.js';
import { locateModel } from '../locate-model.js';
import { type Changes, contentWith, type Extension } from './content.js';
import { extendedEntries } from './extended-entries.js';
import { type FileFacts, fileFacts, metadataOf } from './file-facts.js';
import { checkExtendFileOptions, checkPath, type ExtendedFile, type ExtendFileOptions } from './options.js';
import { checkOutput } from '../output-file.js';
import { positionMatrixChanges } from './position-matrix.js';
import { rotaryChanges } from './rotary.js';
import { checkWritable, notesOn, specInFile } from './support.js';

/**
 * Writes a model file with a strategy in it, so that any program that reads GGUF can embed the longer texts: more rows in
 * the position matrix (pi, gp, rp), or different RoPE keys (ntk, pi). All other tensors and keys are copied byte for byte, from
 * file to file. The output is either complete or absent.
 * @param input path of the GGUF file (or the name of a model that ships or is on the hub, as for `EmbeddingModel.load`), which
 *   is not changed; not one part of a split model
 * @param output path of the file to write
 * @param options see `ExtendFileOptions`
 * @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID, ERR_STRATEGY_UNSUPPORTED when a file cannot hold the strategy,
 *   ERR_INVALID_OPTION (an output that cannot be written among them), ERR_ABORTED; what onProgress throws
 * @example
 * const { notes } = await extendModelFile('e5-base-v2.gguf', 'e5-base-v2-4k.gguf', { extend: 'pi:4k' });
 */
export async function extendModelFile(
  input: string,
  output: string,
  options: ExtendFileOptions,
): Promise<ExtendedFile> {
  checkPath('input', input);
  checkPath('output', output);
  const checked = checkExtendFileOptions(options);
  throwIfAborted(checked.signal);
  const { signal, onDownload, onWarning } = checked;
  const source = await locateModel(input, { signal, onDownload, onWarning });
  await using file = await GgufFile.open(source);
  const metadata = metadataOf(file);
  const model = fileFacts(file.header, metadata);
  refuseSplit(source, model);
  refuseExtended(source, model, 'extend');

  const preset = choosePreset(checked.preset, model);
  const native = chooseNativeContext(model, checked.nativeContext, preset);
  const context: StrategyContext = { ...model, nativeContext: native.value, engine: 'graph' };
  // Formatting an object first checks it as a string would be.
  const given = parseExtend(
    typeof checked.extend === 'string' ? checked.extend : formatExtend(checked.extend),
  );
  const resolved = resolveExtend({ ...given, attentionScale: 'off' }, context);
  checkWritable(given, context);
  const spec = specInFile(resolved, context);

  const changes = await strategyChanges({
    file,
    metadata,
    context,
    resolved,
    plan: planOf(resolved, context),
  });
  const content = contentWith(file, {
    metadata: [
      ...changes.metadata,
      ...extendedEntries(metadata, resolved.target, { spec, nativeContext: native.value }),
    ],
    tensors: changes.tensors,
  });
  const sizeBytes = ggufSize(content);
  await checkOutput(output, source, checked.overwrite ?? false, sizeBytes);
  await saveGguf(output, content, checked);
  return {
    path: output,
    sizeBytes,
    architecture: model.architecture,
    preset: preset?.name ?? null,
    spec,
    nativeContext: native.value,
    nativeContextSource: native.source,
    contextLength: resolved.target,
    notes: notesOn(given, resolved, context, spec, preset),
  };
}

function strategyChanges(extension: Extension): Changes | Promise<Changes> {
  return extension.context.positionEncoding === 'absolute'
    ? positionMatrixChanges(extension)
    : rotaryChanges(extension);
}

/** The plan of the longest text. */
function planOf(resolved: ResolvedExtend, context: StrategyContext): Extension['plan'] {
  const [plan] = planDocument(resolved, context, resolved.target, { before: 0, after: 0 });
  if (plan === undefined) throw new Error('a strategy gave no plan');
  return plan;
}

/** @throws LongEmbedError ERR_MODEL_INVALID for one part of a split model */
export function refuseSplit(path: string, { metadata }: FileFacts): void {
  if (Number(metadata['split.count'] ?? 1) <= 1) return;
  throw new LongEmbedError(
    'ERR_MODEL_INVALID',
    `"${path}" is one part of a split model: join the parts with llama.cpp's llama-gguf-split --merge first.`,
  );
}

/**
 * @param verb what the caller does to originals
 * @throws LongEmbedError ERR_MODEL_INVALID for a file that is not one
 */
export function refuseExtended(path: string, { metadata }: FileFacts, verb: 'extend' | 'tune'): void {
  const extended = readExtended(metadata);
  if (extended === null) return;
  throw new LongEmbedError(
    'ERR_MODEL_INVALID',
    `"${path}" was made by longembed ${extended.tuned === null ? 'extend' : 'tune'} (${extended.spec}): ${verb} the original instead.`,
  );
}
