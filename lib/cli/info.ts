import type { Command } from 'commander';
import type { Context } from './context.js';
import { EXIT } from './exit.js';
import { describe } from './info-text.js';
import { addModelOptions, loadOptions, MODEL, type ModelOptions } from './model-options.js';
import { StdoutSink } from './output/stdout-sink.js';

/** The options of `longembed info`, as commander gives them. */
export interface InfoCommandOptions extends ModelOptions {
  json?: boolean;
}

export function addInfoOptions(command: Command): Command {
  command.argument('<model>', MODEL).optionsGroup('Output:').option('--json', 'as JSON');
  return addModelOptions(command)
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] MODEL')
    .addHelpText('after', HELP);
}

const HELP = `
Shows what the model is, its native context and where that comes from, its pooling and prompts, the strategies
it can take and why not the others, and the devices of this machine.
`;

/** `longembed info`: what a model is and can do. Resolves to the exit code. */
export async function info(path: string, options: InfoCommandOptions, context: Context): Promise<number> {
  const model = await context.loadModel(path, { ...loadOptions(options), signal: context.signal });
  try {
    const devices = context.devices();
    const text =
      options.json === true
        ? JSON.stringify({ ...model.info, devices }, null, 2)
        : describe(model.info, devices);
    await new StdoutSink(context.stdout).write(`${text}\n`);
  } finally {
    await model.dispose();
  }
  return EXIT.done;
}
