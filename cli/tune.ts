import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { duration, formatBytes, plural } from '../lib/format.js';
import {
  type DevScore,
  type Extend,
  type TunedFile,
  tunePositions,
  type TuneProgress,
} from '../lib/index.js';
import { omit } from '../lib/omit.js';
import type { AddCommand, Context } from './context.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import { locate } from './locate.js';
import {
  MODEL,
  NATIVE_CONTEXT,
  numberWhere,
  outputFile,
  parseSpec,
  PRESET,
  presetOption,
  wholeNumber,
} from './options.js';
import { StdoutSink } from './output/sinks.js';
import { type View, viewOn } from './progress/views.js';

/** The options of `longembed tune`, as commander gives them. */
interface TuneCommandOptions {
  extend: Extend;
  pairs: string;
  output: string;
  dev?: string;
  evalEvery?: number;
  steps?: number;
  batch?: number;
  lr?: number;
  warmup?: number;
  temperature?: number;
  weightDecay?: number;
  seed?: number;
  truncate?: boolean;
  limitMinutes?: number;
  resume?: boolean;
  force?: boolean;
  checkpoint?: string;
  checkpointMinutes?: number;
  /** false with --no-report. */
  report: string | boolean;
  preset?: string;
  nativeContext?: number;
  pooling?: 'mean' | 'cls' | 'last';
  threads?: number;
  json?: boolean;
  quiet?: boolean;
}

/** `longembed tune`. */
export const addTune: AddCommand = (program, context, exit) => {
  addTuneOptions(
    program.command('tune').description('learn positions for longer texts from pairs of short ones'),
  ).action(async (model: string, options: TuneCommandOptions) => exit(await tune(model, options, context)));
};

const POSITIVE = numberWhere((value) => value > 0, 'a number above 0, such as 0.01 or 5e-4');

function addTuneOptions(command: Command): Command {
  return command
    .argument('<model>', `${MODEL}; it is not changed`)
    .requiredOption('--extend <spec>', 'pi:TARGET or rp:TARGET: what the new rows begin with', parseSpec)
    .requiredOption('--pairs <file>', 'JSON Lines to learn from, see below; longembed pairs makes them')
    .requiredOption('-o, --output <file>', 'the GGUF file to write', outputFile)
    .optionsGroup('Learning:')
    .option('--steps <count>', 'steps in all (default: three times through the pairs)', wholeNumber(1))
    .option(
      '--batch <pairs>',
      'pairs in a step, each with the others as negatives (default: 512)',
      wholeNumber(2),
    )
    .option('--lr <rate>', 'the highest learning rate (default: 5e-4)', POSITIVE)
    .option('--warmup <steps>', 'steps until it is reached (default: 100, at most a tenth)', wholeNumber(0))
    .option('--temperature <number>', 'divides cosines in the loss (default: 0.01)', POSITIVE)
    .option(
      '--weight-decay <number>',
      "AdamW's (default: 0)",
      numberWhere((value) => value >= 0, 'a number from 0, such as 0.01 or 5e-4'),
    )
    .option('--seed <number>', 'decides order and positions (default: 0)', wholeNumber(0))
    .option('--truncate', 'cut texts beyond the native context instead of refusing them')
    .option('--dev <file>', 'held-out pairs: of all rows on the way, those that do best on them are kept')
    .option(
      '--eval-every <steps>',
      'steps between two judgements on them (default: a twentieth)',
      wholeNumber(1),
    )
    .optionsGroup('Time, interruptions and files:')
    .option('--limit-minutes <minutes>', 'stop then, with the file so far and a checkpoint', POSITIVE)
    .option('--resume', 'go on from the checkpoint of the same run')
    .option('--checkpoint <file>', 'where the state is kept (default: the output and .checkpoint)')
    .option('--checkpoint-minutes <minutes>', 'how often it is written (default: 3)', POSITIVE)
    .option(
      '--report <file>',
      'a page with a picture of the loss (default: the output and .html)',
      (path, before) => reportWhere(before === false, path),
    )
    .addOption(
      new Option('--no-report', 'write no such page')
        .preset('')
        .argParser((_, before: unknown) => reportWhere(typeof before === 'string', false)),
    )
    .option('--force', 'replace the output and the report if they exist, and the checkpoint of another run')
    .optionsGroup('Model:')
    .option('--preset <name>', PRESET)
    .option('--native-context <tokens>', NATIVE_CONTEXT, wholeNumber(2))
    .addOption(
      new Option(
        '--pooling <name>',
        'how tokens become one vector (default: the preset, else the file)',
      ).choices(['mean', 'cls', 'last']),
    )
    .option('--threads <count>', 'CPU threads (default: one per physical core)', wholeNumber(1))
    .optionsGroup('Other:')
    .option('--json', 'what was done, as JSON on standard output')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --extend SPEC --pairs FILE --output FILE MODEL')
    .addHelpText('after', HELP);
}

/** @throws UsageError where both options are given: they are values of one */
function reportWhere<T extends string | false>(isDecided: boolean, where: T): T {
  if (isDecided) throw new UsageError('--report and --no-report exclude each other.');
  return where;
}

const HELP = `
For models with a position matrix (bert: E5, GTE, BGE, Contriever, MiniLM). The matrix gets a row for each
token of the target, as longembed extend writes it. Rows of the original stay, all others learn from pairs of
short texts, each at a random place; nothing else of the model changes. Texts within the native context keep
their vectors to the bit.

Pairs: {"query": "…", "positive": "…", "negatives": ["…"]} a line, the last one optional. No text may be
longer than the native context (--truncate cuts). Queries get the model's query prompt, other texts its
document prompt.

Memory: the model twice, and some activations for each thread; it does not depend on --batch. The same command
gives the same file on a machine, with any number of threads, and also when it was interrupted and resumed.

Examples:
  longembed pairs notes --output pairs.jsonl --dev dev.jsonl
  longembed tune e5-base-v2.gguf --extend pi:4k --pairs pairs.jsonl --dev dev.jsonl --output e5-4k.gguf
  longembed tune minilm.gguf --extend rp:2k --native-context 256 --pairs pairs.jsonl --batch 64 -o long.gguf
  longembed tune … --limit-minutes 60, and then the same with --resume

Exit status: 0 done, or the time was up; 2 unusable arguments, model, pairs or output; 130 interrupted.
`;

async function tune(given: string, options: TuneCommandOptions, context: Context): Promise<number> {
  const { signal } = context;
  const view = viewOn(context.stderr, options.quiet === true);
  const checkpoint = options.checkpoint ?? `${options.output}.checkpoint`;
  const state = { begun: false };
  try {
    const model = await locate(given, context, view);
    const tuned = await tunePositions(model, options.output, {
      ...tuneOptions(options),
      checkpoint,
      signal,
      onWarning: (message) => view.message(`longembed: warning: ${message}`),
      onProgress: (progress) => {
        state.begun ||= progress.step > 0 && progress.phase !== 'reading';
        show(view, progress);
      },
    });
    view.end();
    if (options.json === true)
      await new StdoutSink(context.stdout).write(`${JSON.stringify(tuned, null, 2)}\n`);
    for (const line of outcome(tuned)) view.summary(`longembed: ${line}`);
  } catch (error) {
    view.end();
    // There is none where the disk is full.
    if (state.begun && signal.reason instanceof Interrupted && existsSync(checkpoint)) {
      view.message(
        `longembed: the state is in ${checkpoint}: the same command with --resume goes on from there`,
      );
    }
    throw error;
  } finally {
    view.end();
  }
  return EXIT.done;
}

function tuneOptions(options: TuneCommandOptions): Parameters<typeof tunePositions>[2] {
  const { lr, force, report, preset } = options;
  return {
    ...omit(options, 'lr', 'force', 'json', 'quiet', 'output'),
    learningRate: lr,
    overwrite: force,
    preset: presetOption(preset),
    report: report === true ? undefined : report,
  };
}

function show(
  view: View,
  { phase, fraction, step, steps, loss, learningRate, secondsLeft, dev }: TuneProgress,
): void {
  const numbers = [
    ...(loss === null ? [] : [`loss ${loss.toFixed(4)}`]),
    ...(learningRate === null ? [] : [`rate ${learningRate.toExponential(1)}`]),
    ...(dev === null ? [] : [`held out ${dev.reciprocalRank.toFixed(4)}`]),
    ...(secondsLeft === null ? [] : [`${duration(secondsLeft)} left`]),
  ];
  const status = {
    reading: step === 0 ? 'reading the pairs' : `reading the pairs: ${plural(step, 'pair')}`,
    tuning: `step ${step} of ${steps}`,
    judging: `step ${step} of ${steps}, judging on held-out pairs`,
    writing: 'writing the model',
  }[phase];
  const counts = phase === 'tuning' || phase === 'judging';
  view.show({
    fraction: counts ? fraction : null,
    status: [status, ...(counts ? numbers : [])].join(', '),
  });
}

function outcome(tuned: TunedFile): string[] {
  const { path, sizeBytes, contextLength, nativeContext, step, steps, finished, dev, devBefore } = tuned;
  return [
    ...(tuned.truncated === 0
      ? []
      : [`${plural(tuned.truncated, 'text')} beyond the native context were cut`]),
    ...(dev === null || devBefore === null ? [] : [judgement(dev, devBefore)]),
    `wrote ${path}, ${formatBytes(sizeBytes)}: ${plural(contextLength, 'token')} instead of the native ${nativeContext}, ` +
      `${plural(tuned.learnedRows, 'row')} learned in ${plural(step, 'step')}` +
      (tuned.report === null ? '' : `; the loss is in ${tuned.report}`),
    ...(finished
      ? []
      : [
          `the time was up after ${step} of ${steps} steps: the same command with --resume goes on from ${tuned.checkpoint ?? ''}`,
        ]),
  ];
}

function judgement(dev: DevScore, before: DevScore): string {
  const score = `mean reciprocal rank on held-out pairs ${dev.reciprocalRank.toFixed(4)}, before ${before.reciprocalRank.toFixed(4)}`;
  return dev.step === 0
    ? `${score}: tuning did not help, and the rows written are those it began with`
    : `${score}; best after step ${dev.step}`;
}
