import { Command, CommanderError } from 'commander';
import { LongEmbedError } from '../lib/error.js';
import { addBench } from './bench.js';
import { addBuild } from './build.js';
import { addCompare } from './compare.js';
import { addConvert } from './convert.js';
import { addDemo } from './demo.js';
import type { AddCommand, Context } from './context.js';
import { addEmbed } from './embed.js';
import { BrokenPipe, EXIT, Interrupted, UsageError } from './exit.js';
import { addExtend } from './extend.js';
import { addInfo } from './info.js';
import { addMerge } from './merge.js';
import { StdoutSink } from './output/sinks.js';
import { addQueue } from './queue.js';
import { addServe } from './serve.js';
import { addPairs } from './pairs.js';
import { addTokenize } from './tokenize.js';
import { addTune } from './tune.js';
import { addWorker } from './worker.js';
import { packageVersion } from '../lib/package.js';

/** In the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addDemo,
  addEmbed,
  addMerge,
  addQueue,
  addWorker,
  addExtend,
  addTune,
  addPairs,
  addConvert,
  addInfo,
  addTokenize,
  addServe,
  addBench,
  addCompare,
  addBuild,
];

const HELP = `
Examples:
  longembed demo
  longembed info minilm.gguf
  longembed info hf:org/repo/minilm-q8_0.gguf
  longembed embed contract.txt --model minilm.gguf --extend pcw:4k
  longembed embed corpus.jsonl --model e5-mistral.gguf --extend ntk:32k --output corpus.npy
  longembed tokenize contract.txt --model minilm.gguf
  longembed serve --model minilm.gguf --extend pcw:4k
  longembed extend minilm.gguf --extend pi:2k --output minilm-2k.gguf
  longembed tune e5-base-v2.gguf --extend pi:4k --pairs pairs.jsonl --output e5-4k.gguf
  longembed convert gtr-t5-base --output gtr-t5-base-f16.gguf
  longembed bench --model minilm.gguf --extend none pcw:4k --output results
  longembed compare results

longembed help embed explains the formats, the strategies and the exit status.
`;

/** Runs the command line. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let code: number = EXIT.done;
  const help: string[] = [];
  const program = new Command('longembed')
    .description('Embeds long documents with short-context GGUF models.')
    .version(packageVersion())
    .helpCommand('help [command]', 'help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void help.push(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .helpOption('-h, --help', 'this help')
    .addHelpText('after', HELP)
    .showHelpAfterError('(see longembed --help and longembed COMMAND --help)');

  for (const add of COMMANDS) {
    add(program, context, (exitCode) => {
      code = exitCode;
    });
  }

  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
      // Written here rather than by commander, which would not learn that it cannot be.
      await new StdoutSink(context.stdout).write(help.join(''));
    });
    return code;
  } catch (error) {
    return report(error, context);
  }
}

/** Prints what went wrong as a sentence. @returns the exit code */
export function report(error: unknown, { stderr, signal, debug }: Context): number {
  const tell = (line: string): void => void stderr.write(`longembed: ${line}\n`);
  if (error instanceof CommanderError) return EXIT.unusable;
  if (error instanceof BrokenPipe) return EXIT.done;
  if (signal.reason instanceof Interrupted) {
    tell(`interrupted (${signal.reason.signal})`);
    return signal.reason.exitCode;
  }
  if (debug && error instanceof Error) tell(error.stack ?? error.message);
  else if (error instanceof UsageError) tell(error.message);
  else if (error instanceof LongEmbedError) tell(`${error.code}: ${error.message}`);
  else tell(`internal error: ${firstLine(error)} (set LONGEMBED_DEBUG=1 for a stack trace)`);
  return EXIT.unusable;
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}
