import { type Command, InvalidArgumentError } from 'commander';
import { TASK_NAMES, type TaskName } from '../bench/tasks/index.js';
import { untilAborted } from '../lib/abort.js';
import type { AddCommand, Context } from './context.js';
import { EXIT, UsageError } from './exit.js';
import { StdoutSink } from './output/sinks.js';

/** The options of `longembed compare`, as commander gives them. */
interface CompareCommandOptions {
  baseline?: string;
  task?: TaskName[];
  model?: string[];
  json?: boolean;
}

/** `longembed compare`. */
export const addCompare: AddCommand = (program, context, exit) => {
  addCompareOptions(program.command('compare').description('compare results of the benchmark')).action(
    async (paths: string[], options: CompareCommandOptions) =>
      // A file may be a pipe that nobody writes into.
      exit(await untilAborted(compare(paths, options, context), context.signal)),
  );
};

function addCompareOptions(command: Command): Command {
  return command
    .argument('<results...>', 'results.json files of longembed bench, or the folders that hold them')
    .optionsGroup('Selection:')
    .option('--baseline <run>', 'run to compare the others with, see below (default: the first run)')
    .option('--task <names>', `comma-separated task names: ${TASK_NAMES.join(', ')}`, tasks)
    .option('--model <ids>', 'comma-separated model ids', list)
    .optionsGroup('Output:')
    .option('--json', 'print JSON')
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] RESULTS…')
    .addHelpText('after', HELP);
}

const HELP = `
Puts all runs of all RESULTS side by side, a run being a model with a strategy: main scores of the tasks, and
of the synthetic tasks by length, with their differences to the baseline. Name the baseline by its number in
the list of runs, or by its strategy, model or file if that identifies a single run.

Scores are compared only where both runs used the same data (SHA-256 in results.json); other scores are marked.
Marks show differences that are significant in a paired two-sided randomisation test over the queries' main
scores (10,000 rounds of random sign flips; exact up to 12 queries that differ), with Holm's correction for the
tests of a table. The mean over lengths or tasks is tested with all their queries, weighted as in the mean.
--json gives both the uncorrected and the corrected p.

Examples:
  longembed compare results
  longembed compare before/results.json after/results.json
  longembed compare results --baseline pcw:4k --task qmsum,narrativeqa
  longembed compare results --json

Exit status: 0 done; 2 unusable arguments or results.
`;

/** `longembed compare`: results of the benchmark side by side. Resolves to the exit code. */
async function compare(
  paths: string[],
  options: CompareCommandOptions,
  { stdout }: Context,
): Promise<number> {
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new UsageError(`${twice} is given twice: name each results.json once.`);
  // Loaded on demand: the benchmark has dependencies that the other commands do not need.
  const { compareResults } = await import('../bench/results/compare.js');
  const { comparisonTable } = await import('../bench/results/comparison-table.js');
  const { readResults } = await import('../bench/results/files.js');
  const files = await Promise.all(paths.map(async (label) => ({ label, results: await readResults(label) })));
  const comparison = compareResults(files, {
    baseline: options.baseline,
    tasks: options.task,
    models: options.model,
  });
  const text = options.json === true ? JSON.stringify(comparison, null, 2) : comparisonTable(comparison);
  await new StdoutSink(stdout).write(`${text}\n`);
  return EXIT.done;
}

function list(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((item) => item.trim())];
}

function tasks(text: string, before: TaskName[] = []): TaskName[] {
  const names = list(text).map((name) => {
    const task = TASK_NAMES.find((known) => known === name);
    if (task === undefined) throw new InvalidArgumentError(`Tasks are ${TASK_NAMES.join(', ')}.`);
    return task;
  });
  return [...before, ...names];
}
