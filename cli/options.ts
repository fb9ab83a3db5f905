import { InvalidArgumentError, type Command, Option } from 'commander';
import type { LoadOptions } from '../lib/index.js';
import { parseSize } from '../lib/format.js';
import { SHIPPED_MODELS } from '../lib/package.js';
import { type Extend, METHODS, parseExtend, STRATEGIES } from '../lib/extend/index.js';

/**
 * Makes the reader of an option that takes a whole number, or one in k or m: 4k is 4096.
 * @param min the smallest allowed value
 */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = parseSize(text) ?? Number.NaN;
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(
      value > Number.MAX_SAFE_INTEGER
        ? `It must be at most ${Number.MAX_SAFE_INTEGER}, since larger numbers are rounded.`
        : `It must be a whole number from ${min}, such as 512, 4k (4096) or 1m (1048576).`,
    );
  };
}

/**
 * Makes the reader of an option that takes a number.
 * @param fits the allowed ones
 * @param what they are, after "It must be"
 */
export function numberWhere(fits: (value: number) => boolean, what: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && fits(value)) return value;
    throw new InvalidArgumentError(`It must be ${what}.`);
  };
}

/** A TCP port; null: the text is none. */
export function parsePort(text: string): number | null {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : null;
}

/** Reads the --output of a command that writes nothing to standard output: "-" would be the name of a file. */
export function outputFile(path: string): string {
  if (path !== '-') return path;
  throw new InvalidArgumentError(
    'It must be a file, since nothing is written to standard output (./- is one of this name).',
  );
}

/** The options for loading a model, as commander gives them. */
export interface ModelOptions {
  preset?: string;
  nativeContext?: number;
  tokenizer?: string;
  specialTokens?: NonNullable<LoadOptions['specialTokens']>;
  backend: NonNullable<LoadOptions['backend']>;
  gpuLayers?: number;
  checkDevice?: boolean;
  threads?: number;
  precision?: NonNullable<LoadOptions['precision']>;
  /** undefined: where memory allows. */
  repack?: boolean;
  /** false with --no-isolate; undefined in commands that have no such option. */
  isolate?: boolean;
}

/** Help of the argument or option that names a model. */
export const MODEL = `a GGUF file, hf:org/repo[/file.gguf][@revision], or one of ${SHIPPED_MODELS.join(', ')}`;

/** Help of --native-context. */
export const NATIVE_CONTEXT = 'tokens the model was trained for (default: the preset, else the file)';

/** Help of --dimensions. */
export const DIMENSIONS =
  'keep only the first numbers of each vector, for models trained for that (Matryoshka); scaled to length 1 after the cut';

/** Help of --preset. */
export const PRESET = 'settings of a known model, or none (default: detected from the file)';

/** --preset as an option of `EmbeddingModel.load`. */
export function presetOption(name: string | undefined): string | false | undefined {
  return name === 'none' ? false : name;
}

/** Help of --special-tokens. */
export const SPECIAL_TOKENS =
  'put around texts: bos, eos, bos,eos or none (default: the preset, else the file)';

/** Reads --special-tokens: those that are named are added, the others are not. */
export function parseSpecialTokens(names: string): NonNullable<LoadOptions['specialTokens']> {
  const named = names === 'none' ? [] : names.split(',');
  if (named.some((name) => name !== 'bos' && name !== 'eos')) {
    throw new InvalidArgumentError('It must be bos, eos, bos,eos or none.');
  }
  return { bos: named.includes('bos'), eos: named.includes('eos') };
}

/** Adds the options of the commands that load a model to use it. */
export function addModelOptions(command: Command): Command {
  return command
    .optionsGroup('Model:')
    .option('--preset <name>', PRESET)
    .option('--native-context <tokens>', NATIVE_CONTEXT, wholeNumber(2))
    .option('--tokenizer <file>', "a tokenizer.json to use instead of the model file's own vocabulary")
    .option('--special-tokens <names>', SPECIAL_TOKENS, parseSpecialTokens)
    .addOption(
      new Option('--backend <name>', 'where to run; auto uses a GPU if there is one')
        .choices(['auto', 'cpu', 'cuda', 'metal', 'vulkan'])
        .default('auto'),
    )
    .option('--gpu-layers <count>', 'layers on the GPU (default: as many as fit)', wholeNumber(0))
    .option('--no-check-device', 'do not compare what a GPU computes with the CPU when the model is loaded')
    .option('--threads <count>', 'CPU threads (default: one per physical core)', wholeNumber(1))
    .addOption(
      new Option(
        '--precision <name>',
        'number format of matrix products and attention on a CPU; bf16 is faster and less exact',
      ).choices(['full', 'bf16']),
    )
    .option('--repack', 'keep weights in the order that CPUs multiply fastest (default: where memory allows)')
    .option('--no-repack', 'rearrange weights at each call: short texts take up to twice as long');
}

/** Adds the option of long-running commands: with isolation, a crash of the engine process costs single documents, not the run. */
export function addIsolateOption(command: Command): Command {
  return command.option(
    '--no-isolate',
    'compute in this process instead of a separate one that is restarted if it crashes',
  );
}

/** The same as options of `EmbeddingModel.load`. */
export function loadOptions(options: ModelOptions): LoadOptions {
  return {
    preset: presetOption(options.preset),
    nativeContext: options.nativeContext,
    tokenizer: options.tokenizer,
    specialTokens: options.specialTokens,
    backend: options.backend,
    gpuLayers: options.gpuLayers,
    checkDevice: options.checkDevice,
    threads: options.threads,
    precision: options.precision,
    repack: options.repack,
    isolate: options.isolate,
  };
}

/** --extend, for the commands that take a strategy. */

/** Reads --extend. */
export function parseSpec(spec: string): Extend {
  try {
    return parseExtend(spec);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** One line for each strategy. */
export const STRATEGY_HELP = METHODS.map(
  (method) => `  ${method.padEnd(6)}  ${STRATEGIES[method].help}`,
).join('\n');
