import type { Command } from 'commander';
import type { Extend } from '../lib/extend/index.js';
import type { MemoryEstimate } from '../lib/index.js';
import type { Context, Model } from './context.js';
import { parseSpec } from './strategy-option.js';
import { EXIT, UsageError } from './exit.js';
import { describe } from './info-text.js';
import { addModelOptions, loadOptions, MODEL, type ModelOptions } from './model-options.js';
import { wholeNumber } from './numbers.js';
import { StdoutSink } from './output/sinks.js';

/** The options of `longembed info`, as commander gives them. */
export interface InfoCommandOptions extends ModelOptions {
  json?: boolean;
  memory?: number;
  extend?: Extend;
}

export function addInfoOptions(command: Command): Command {
  command
    .argument('<model>', MODEL)
    .optionsGroup('Output:')
    .option('--json', 'as JSON')
    .optionsGroup('Memory:')
    .option(
      '--memory <tokens>',
      'the memory that embedding a document of so many tokens takes',
      wholeNumber(1),
    )
    .option('--extend <spec>', 'with this strategy, see longembed embed --help (default: none)', parseSpec);
  return addModelOptions(command)
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] MODEL')
    .addHelpText('after', HELP);
}

const HELP = `
Shows what the model is, its native context and where that comes from, its pooling and prompts, the strategies
it can take and why not the others, and the devices of this machine. With --memory also what a document of that
length, prompt and special tokens included, will take, and whether there is as much.
`;

function memoryOf(model: Model, { memory, extend }: InfoCommandOptions): Promise<MemoryEstimate | null> {
  if (memory !== undefined) return model.memory({ tokens: memory, extend });
  if (extend === undefined) return Promise.resolve(null);
  throw new UsageError('--extend says how the document of --memory is embedded: give --memory too.');
}

/** `longembed info`: what a model is and can do. Resolves to the exit code. */
export async function info(path: string, options: InfoCommandOptions, context: Context): Promise<number> {
  const model = await context.loadModel(path, { ...loadOptions(options), signal: context.signal });
  try {
    const devices = context.devices();
    const memory = await memoryOf(model, options);
    const text =
      options.json === true
        ? JSON.stringify({ ...model.info, devices, ...(memory === null ? {} : { memory }) }, null, 2)
        : describe(model.info, devices, memory);
    await new StdoutSink(context.stdout).write(`${text}\n`);
  } finally {
    await model.dispose();
  }
  return EXIT.done;
}
