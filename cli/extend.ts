import type { Command } from 'commander';
import { writableMethods } from '../lib/extend-file/index.js';
import { type Extend, extendModelFile } from '../lib/index.js';
import type { AddCommand, Context } from './context.js';
import {
  parseSpec,
  MODEL,
  NATIVE_CONTEXT,
  outputFile,
  PRESET,
  presetOption,
  wholeNumber,
} from './options.js';
import { EXIT } from './exit.js';
import { locate } from './locate.js';
import { formatBytes, plural } from '../lib/format.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed extend`, as commander gives them. */
interface ExtendCommandOptions {
  extend: Extend;
  output: string;
  nativeContext?: number;
  preset?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `longembed extend`. */
export const addExtend: AddCommand = (program, context, exit) => {
  addExtendOptions(
    program.command('extend').description('write a model file with a strategy in it, for other programs'),
  ).action(async (model: string, options: ExtendCommandOptions) =>
    exit(await extend(model, options, context)),
  );
};

function addExtendOptions(command: Command): Command {
  return command
    .argument('<model>', `${MODEL}; it is not changed`)
    .requiredOption('--extend <spec>', 'the strategy, see below', parseSpec)
    .requiredOption('-o, --output <file>', 'the GGUF file to write', outputFile)
    .option('--force', 'replace the output if it exists')
    .optionsGroup('Model:')
    .option('--preset <name>', PRESET)
    .option('--native-context <tokens>', NATIVE_CONTEXT, wholeNumber(2))
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --extend SPEC --output FILE MODEL')
    .addHelpText('after', HELP);
}

const HELP = `
Writes a copy of the model in which the strategy is part of the file, so that llama.cpp and other programs
that read GGUF can embed the longer texts:
  ${writableMethods('absolute').join(', ').padEnd(10)}  a model with a position matrix (BERT family) gets one with a row for each token of the target
  ${writableMethods('rope').join(', ').padEnd(10)}  a model with RoPE gets another base, or positions divided by s
Other strategies and attention scaling cannot be stored in a file: use longembed embed. Everything else in the file is
copied byte for byte. Differences from longembed embed are listed on standard error.

Examples:
  longembed extend e5-base-v2.gguf --extend pi:4k --output e5-base-v2-4k.gguf
  longembed extend minilm.gguf --extend rp:2k --native-context 256 --output minilm-2k.gguf
  longembed extend e5-mistral.gguf --extend ntk:32k,lambda=10 --output e5-mistral-32k.gguf
  llama-embedding --model e5-base-v2-4k.gguf --ctx-size 4096 --ubatch-size 4096 --file contract.txt

Exit status: 0 done; 2 unusable arguments, model or output.
`;

/** `longembed extend`: a model file in, one with a strategy in it out. Resolves to the exit code. */
async function extend(model: string, options: ExtendCommandOptions, context: Context): Promise<number> {
  const { stderr, signal } = context;
  const view = viewOn(stderr, options.quiet === true);
  try {
    const written = await extendModelFile(await locate(model, context, view), options.output, {
      extend: options.extend,
      nativeContext: options.nativeContext,
      preset: presetOption(options.preset),
      overwrite: options.force,
      signal,
      onProgress: (fraction) => view.loading(fraction, 'writing the model'),
    });
    for (const note of written.notes) view.message(`longembed: note: ${note}`);
    view.summary(
      `longembed: wrote ${written.path}, ${formatBytes(written.sizeBytes)}: ${written.architecture}, ` +
        `${plural(written.contextLength, 'token')} instead of the native ${written.nativeContext} (from the ${written.nativeContextSource})`,
    );
  } finally {
    view.end();
  }
  return EXIT.done;
}
