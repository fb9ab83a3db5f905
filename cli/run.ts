import { Command, CommanderError } from 'commander';
import { LongEmbedError } from '../lib/error.js';
import { addBenchOptions, type BenchCommandOptions } from './bench-options.js';
import { addCompareOptions, compare, type CompareCommandOptions } from './compare.js';
import type { Context } from './context.js';
import { addEmbedOptions, type EmbedCommandOptions } from './embed-options.js';
import { embed } from './embed.js';
import { BrokenPipe, EXIT, Interrupted, UsageError } from './exit.js';
import { addExtendOptions, extend, type ExtendCommandOptions } from './extend.js';
import { addInfoOptions, info, type InfoCommandOptions } from './info.js';
import { addTokenizeOptions, tokenize, type TokenizeCommandOptions } from './tokenize.js';
import { packageVersion } from '../lib/package.js';

const HELP = `
Examples:
  longembed info minilm.gguf
  longembed embed contract.txt --model minilm.gguf --extend pcw:4k
  longembed embed corpus.jsonl --model e5-mistral.gguf --extend ntk:32k --output corpus.npy
  longembed tokenize contract.txt --model minilm.gguf
  longembed extend minilm.gguf --extend pi:2k --output minilm-2k.gguf
  longembed bench --model minilm.gguf --extend none pcw:4k --output results
  longembed compare results

longembed help embed explains the formats, the strategies and the exit status.
`;

/** Runs the command line. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command('longembed')
    .description('Embeddings of long documents with GGUF models of short context.')
    .version(packageVersion())
    .helpCommand('help [command]', 'help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .helpOption('-h, --help', 'this help')
    .addHelpText('after', HELP)
    .showHelpAfterError('(longembed --help, and longembed COMMAND --help, say more)');

  addEmbedOptions(program.command('embed').description('turn documents into vectors')).action(
    async (files: string[], options: EmbedCommandOptions) => {
      code = await embed(files, options, context);
    },
  );
  addExtendOptions(
    program.command('extend').description('write a model file with a strategy in it, for other programs'),
  ).action(async (model: string, options: ExtendCommandOptions) => {
    code = await extend(model, options, context);
  });
  addInfoOptions(
    program.command('info').description('show what a model is and which strategies it can take'),
  ).action(async (model: string, options: InfoCommandOptions) => {
    code = await info(model, options, context);
  });
  addTokenizeOptions(program.command('tokenize').description('print the token ids of a text as JSON')).action(
    async (file: string | undefined, options: TokenizeCommandOptions) => {
      code = await tokenize(file, options, context);
    },
  );

  addBenchOptions(
    program.command('bench').description('score models and strategies on the LongEmbed benchmark'),
  ).action(async (options: BenchCommandOptions) => {
    // Loaded when it is asked for: the benchmark brings much that the other commands do without.
    const { bench } = await import('./bench.js');
    code = await bench(options, context);
  });
  addCompareOptions(
    program.command('compare').description('put results of the benchmark side by side'),
  ).action(async (paths: string[], options: CompareCommandOptions) => {
    code = await compare(paths, options, context);
  });

  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, context);
  }
}

/** Tells a person what went wrong, in a sentence, and says what to exit with. */
export function report(error: unknown, { stderr, signal, debug }: Context): number {
  const tell = (line: string): void => void stderr.write(`longembed: ${line}\n`);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.unusable;
  if (error instanceof BrokenPipe) return EXIT.done;
  if (signal.reason instanceof Interrupted) {
    tell(`interrupted (${signal.reason.signal})`);
    return signal.reason.exitCode;
  }
  if (debug && error instanceof Error) tell(error.stack ?? error.message);
  else if (error instanceof UsageError) tell(error.message);
  else if (error instanceof LongEmbedError) tell(`${error.code}: ${error.message}`);
  else tell(`an error in longembed itself: ${firstLine(error)} (LONGEMBED_DEBUG=1 shows where)`);
  return EXIT.unusable;
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}
