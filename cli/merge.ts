import type { Command } from 'commander';
import { count, plural } from '../lib/format.js';
import { mergeParts } from '../queue/merge/merge.js';
import type { AddCommand, Context } from './context.js';
import { EXIT, UsageError } from './exit.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed merge`, as commander gives them. */
interface MergeCommandOptions {
  output?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `longembed merge`. */
export const addMerge: AddCommand = (program, context, exit) => {
  addMergeOptions(program.command('merge').description('put the parts of embed --shard together')).action(
    async (folder: string, options: MergeCommandOptions) => exit(await merge(folder, options, context)),
  );
};

function addMergeOptions(command: Command): Command {
  return command
    .argument('<folder>', 'folder of the parts')
    .option(
      '-o, --output <file>',
      'file for all vectors (default: a manifest of the parts, FOLDER/manifest.json)',
    )
    .option('--force', 'replace the output if it exists, and the files beside it')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .addHelpText('after', HELP);
}

const HELP = `
Checks that all parts are there and of one run: the same input, model, strategy, prompt and settings; and that
no two documents with vectors have the same id. The output has the format of the parts and the documents in
the order of the input; jsonl and npy files are byte for byte those of one process. Beside it: FILE.errors.jsonl
with the documents that failed, if any did, and for npy FILE.jsonl with whose rows they are. Without --output
the parts stay where they are and are listed in a manifest.

Examples:
  longembed merge parts --output corpus.parquet
  longembed merge parts

Exit status: 0 done; 2 parts are missing or differ, ids repeat, or the output cannot be written.
`;

/** `longembed merge`: parts into one file, or a manifest of them. Resolves to the exit code. */
async function merge(folder: string, options: MergeCommandOptions, context: Context): Promise<number> {
  if (options.output === '-') {
    throw new UsageError(
      'Merging writes files that belong together, and not to standard output: name a file with --output.',
    );
  }
  const view = viewOn(context.stderr, options.quiet === true);
  try {
    const { path, parts, counts } = await mergeParts(folder, {
      output: options.output ?? null,
      force: options.force === true,
      signal: context.signal,
      onProgress: (fraction, what) => view.loading(fraction, what),
    });
    view.end();
    const failed = counts.failed === 0 ? '' : ` (${count(counts.failed)} failed)`;
    view.summary(
      `longembed: ${plural(parts, 'part')}, ${plural(counts.documents, 'document')}${failed}, ${plural(counts.rows, 'row')}: ${path}`,
    );
    return EXIT.done;
  } finally {
    view.end();
  }
}
