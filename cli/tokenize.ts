import type { Command } from 'commander';
import { untilAborted } from '../lib/abort.js';
import type { LoadOptions } from '../lib/index.js';
import type { AddCommand, Context } from './context.js';
import { EXIT } from './exit.js';
import { isFailure, readDocuments, sourcesOf } from './input/input.js';
import { locate } from './locate.js';
import { MODEL, parseSpecialTokens, PRESET, presetOption, SPECIAL_TOKENS } from './options.js';
import { viewOn } from './progress/views.js';
import { StdoutSink } from './output/sinks.js';

/** The options of `longembed tokenize`, as commander gives them. */
interface TokenizeCommandOptions {
  model: string;
  tokenizer?: string;
  preset?: string;
  withSpecial?: boolean;
  specialTokens?: NonNullable<LoadOptions['specialTokens']>;
}

/** `longembed tokenize`. */
export const addTokenize: AddCommand = (program, context, exit) => {
  addTokenizeOptions(program.command('tokenize').description('print the token ids of a text as JSON')).action(
    async (file: string | undefined, options: TokenizeCommandOptions) =>
      // The text may be a pipe that nobody writes into.
      exit(await untilAborted(tokenize(file, options, context), context.signal)),
  );
};

function addTokenizeOptions(command: Command): Command {
  return command
    .argument('[file]', 'a UTF-8 text; - or none reads standard input')
    .requiredOption('-m, --model <file>', MODEL)
    .option('--with-special', 'add the special tokens that embed puts around a text')
    .option('--tokenizer <file>', "a tokenizer.json to use instead of the model file's own vocabulary")
    .option('--special-tokens <names>', `with --with-special: ${SPECIAL_TOKENS}`, parseSpecialTokens)
    .option('--preset <name>', PRESET)
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model FILE [FILE|-]')
    .addHelpText('after', HELP);
}

const HELP = `
Prints the token ids of the text as one JSON array on one line: its content tokens, without prompt and
special tokens. longembed embed --input-format tokens reads them and adds the special tokens itself, so do not
pass it the output of --with-special.

Example:
  longembed tokenize a.txt --model minilm.gguf > a.tokens
  longembed embed a.tokens --model minilm.gguf --input-format tokens
`;

/** `longembed tokenize`: token ids as JSON. Resolves to the exit code. */
async function tokenize(
  file: string | undefined,
  options: TokenizeCommandOptions,
  context: Context,
): Promise<number> {
  const sources = sourcesOf(file === undefined ? [] : [file], 'text', context.stdin, context.signal);
  for await (const { where, content, warning } of readDocuments(sources)) {
    if (warning !== undefined) context.stderr.write(`longembed: warning: ${where}: ${warning}.\n`);
    if (isFailure(content)) {
      context.stderr.write(`longembed: ${where}: ${content.code}: ${content.message}\n`);
      return EXIT.someFailed;
    }
    // The format is text, which has nothing else.
    const ids = await tokenIds(content as string, options, context);
    await new StdoutSink(context.stdout).write(`[${ids.join(',')}]\n`);
  }
  return EXIT.done;
}

/** Special tokens may be a preset's, and a tokenizer.json belongs to a model: both need it loaded. */
async function tokenIds(text: string, options: TokenizeCommandOptions, context: Context): Promise<number[]> {
  const path = await locate(options.model, context, viewOn(context.stderr, false));
  if (options.withSpecial !== true && options.tokenizer === undefined) {
    return [...(await context.tokenizeWithFile(path, text))];
  }
  const model = await context.loadModel(path, {
    tokenizer: options.tokenizer,
    preset: presetOption(options.preset),
    specialTokens: options.specialTokens,
    onWarning: (message) => void context.stderr.write(`longembed: warning: ${message}\n`),
    // Nothing is computed, so nothing needs to go to a GPU.
    backend: 'cpu',
    signal: context.signal,
  });
  try {
    const content = await model.tokenize(text);
    const { prefix, suffix } = model.info.specialTokens;
    return options.withSpecial === true ? [...prefix, ...content, ...suffix] : [...content];
  } finally {
    await model.dispose();
  }
}
