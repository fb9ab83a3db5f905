import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { throwIfAborted } from '../abort.js';
import { LongEmbedError, readFailure } from '../error.js';
import { checkPath } from '../extend-file/options.js';
import { filesBelow } from '../files-below.js';
import {
  DEFAULT_ALIGNMENT,
  type GgufContent,
  ggufSize,
  saveGguf,
  stringEntry,
  u32Entry,
} from '../gguf/index.js';
import { checkDistinct, checkOutput, type NamedFile } from '../output-file.js';
import {
  type Checkpoint,
  CONVERTED_ARCHITECTURES,
  type Conversion,
  type DenseLayer,
} from './architectures/index.js';
import { inexpressible, invalidCheckpoint, unsupportedCheckpoint } from './invalid.js';
import { Settings } from './json-file.js';
import { checkConvertOptions, checkFolder, type ConvertedFile, type ConvertOptions } from './options.js';
import { readPipeline } from './sentence-transformers.js';
import { type ConvertType, tensorSource } from './tensors.js';
import { Weights } from './weights.js';

/** GGUF's numbers of what a file is mostly stored in (`general.file_type`). */
const FILE_TYPES: Readonly<Record<ConvertType, number>> = { f32: 0, f16: 1, q8_0: 7 };

/** Of the format, and of the quantized types in it. */
const GGUF_VERSION = 3;
const QUANTIZATION_VERSION = 2;

/**
 * Writes a GGUF file of a model in Hugging Face's form: config.json, tokenizer.json or vocab.txt, safetensors, and
 * sentence-transformers' files. Nothing in the folder is executed. Weights stream from file to file, so that a model may be
 * larger than memory; the output is either complete or absent.
 * @param folder path of the model
 * @param output path of the file to write
 * @param options see `ConvertOptions`
 * @throws LongEmbedError ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID (damaged files, pickles), ERR_ARCHITECTURE_UNSUPPORTED with a
 *   recipe, ERR_INVALID_OPTION (an output that cannot be written among them), ERR_ABORTED; what onProgress throws
 * @example
 * await convertModel('e5rope-base', 'e5rope-base-f16.gguf');
 */
export async function convertModel(
  folder: string,
  output: string,
  options: ConvertOptions = {},
): Promise<ConvertedFile> {
  checkFolder(folder);
  checkPath('output', output);
  const {
    type = 'f16',
    overwrite = false,
    name = nameOf(folder),
    signal,
    onProgress,
  } = checkConvertOptions(options);
  throwIfAborted(signal);
  await checkIsFolder(folder);
  const open: Weights[] = [];
  try {
    const checkpoint = await readCheckpoint(folder, open);
    const conversion = await convert(checkpoint);
    const content = contentOf(conversion, type, name);
    const sizeBytes = ggufSize(content);
    if (existsSync(output)) {
      await checkDistinct([{ name: 'output', path: output }], await inputsOf(folder, open));
    }
    await checkOutput(output, checkpoint.config.path, overwrite, sizeBytes);
    await saveGguf(output, content, { signal, onProgress });
    return {
      path: output,
      sizeBytes,
      architecture: conversion.architecture,
      name,
      type,
      pooling: checkpoint.pooling,
      excludesPrompt: checkpoint.excludesPrompt,
      denseLayers: checkpoint.dense.length,
    };
  } finally {
    for (const weights of open) await weights[Symbol.asyncDispose]();
  }
}

/** What an existing output must not be, under whatever name: the files of the folder, but for those that were converted before. */
async function inputsOf(folder: string, open: readonly Weights[]): Promise<NamedFile[]> {
  const isInput = (name: string): boolean => !name.toLowerCase().endsWith('.gguf');
  const beside = await filesBelow(folder, isInput).catch((error: unknown): never => {
    throw invalidCheckpoint(folder, `${readFailure(error)}.`, error);
  });
  const paths = [...open.flatMap((weights) => weights.paths), ...beside];
  return paths.map((path) => ({ name: 'input', path }));
}

async function checkIsFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch((error: unknown) => {
    throw new LongEmbedError('ERR_MODEL_NOT_FOUND', `"${folder}" cannot be read: ${readFailure(error)}.`, {
      cause: error,
    });
  });
  if (stats.isDirectory()) return;
  throw new LongEmbedError(
    'ERR_MODEL_NOT_FOUND',
    `"${folder}" is not a folder: give the one with the model's config.json and .safetensors files.`,
  );
}

/** The name of the folder, or of the repository where it is a snapshot in the hub's cache. */
function nameOf(folder: string): string {
  const path = resolve(folder);
  const repository = /[/\\]models--(?:.+?)--(.+?)[/\\]snapshots[/\\][^/\\]+$/.exec(path);
  return repository?.[1] ?? basename(path);
}

/** @param open takes the weights that were opened, also when something is wrong */
async function readCheckpoint(folder: string, open: Weights[]): Promise<Checkpoint> {
  const pipeline = await readPipeline(folder);
  const path = join(pipeline.transformer, 'config.json');
  const config = await Settings.read(path);
  if (config === null) throw invalidCheckpoint(folder, 'it has no config.json.');
  const type = config.text('model_type', '');
  if (!CONVERTED_ARCHITECTURES.some(({ modelTypes }) => modelTypes.includes(type))) {
    throw unsupportedCheckpoint(
      folder,
      `it has no conversion for the model type ${JSON.stringify(type.slice(0, 60))}.`,
    );
  }
  if (config.get('quantization_config') !== undefined) {
    throw unsupportedCheckpoint(folder, 'its weights are quantized already.');
  }
  const weights = await Weights.open(pipeline.transformer);
  open.push(weights);
  const dense: DenseLayer[] = [];
  for (const place of pipeline.dense) dense.push(await readDense(folder, place, open));
  const { transformer, pooling, excludesPrompt } = pipeline;
  return { folder, transformer, config, weights, pooling, excludesPrompt, dense };
}

async function readDense(folder: string, place: string, open: Weights[]): Promise<DenseLayer> {
  const config = await Settings.read(join(place, 'config.json'));
  if (config === null) throw invalidCheckpoint(place, 'it has no config.json.');
  const activation = config.text('activation_function', 'torch.nn.modules.activation.Tanh');
  if (!/(^|\.)Identity$/.test(activation)) {
    throw inexpressible(
      folder,
      `its dense layer has the activation ${JSON.stringify(activation.slice(0, 60))}.`,
    );
  }
  const weights = await Weights.open(place);
  open.push(weights);
  return {
    weights,
    inputs: config.whole('in_features'),
    outputs: config.whole('out_features'),
    bias: config.flag('bias', true),
  };
}

async function convert(checkpoint: Checkpoint): Promise<Conversion> {
  const type = checkpoint.config.text('model_type');
  const found = CONVERTED_ARCHITECTURES.find(
    ({ modelTypes, takes }) => modelTypes.includes(type) && (takes?.(checkpoint) ?? true),
  );
  if (found === undefined) throw unsupportedCheckpoint(checkpoint.folder, 'it has no conversion for it.');
  return found.convert(checkpoint);
}

function contentOf(
  { architecture, metadata, tensors }: Conversion,
  type: ConvertType,
  name: string,
): GgufContent {
  return {
    version: GGUF_VERSION,
    alignment: DEFAULT_ALIGNMENT,
    metadata: [
      stringEntry('general.architecture', architecture),
      stringEntry('general.type', 'model'),
      stringEntry('general.name', name),
      u32Entry('general.file_type', FILE_TYPES[type]),
      u32Entry('general.quantization_version', QUANTIZATION_VERSION),
      ...metadata,
    ],
    tensors: tensors.map((plan) => tensorSource(plan, type)),
  };
}
