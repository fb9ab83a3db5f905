import type { Command } from 'commander';
import { plural } from '../lib/format.js';
import { makePairs } from '../lib/index.js';
import type { AddCommand, Context } from './context.js';
import { EXIT } from './exit.js';
import { numberWhere, outputFile, wholeNumber } from './options.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed pairs`, as commander gives them. */
interface PairsCommandOptions {
  output: string;
  dev?: string;
  devShare?: number;
  maxCharacters?: number;
  seed?: number;
  force?: boolean;
  quiet?: boolean;
}

/** `longembed pairs`. */
export const addPairs: AddCommand = (program, context, exit) => {
  addPairsOptions(
    program.command('pairs').description('make pairs to tune on from your own documents'),
  ).action(async (folder: string, options: PairsCommandOptions) =>
    exit(await pairs(folder, options, context)),
  );
};

function addPairsOptions(command: Command): Command {
  return command
    .argument('<folder>', 'of .txt, .md and .markdown files, in its folders as well')
    .requiredOption('-o, --output <file>', 'the pairs, JSON Lines', outputFile)
    .option('--dev <file>', 'a second file, with all pairs of some documents: for longembed tune --dev')
    .option(
      '--dev-share <share>',
      'the share of the documents that go there (default: 0.05)',
      numberWhere((value) => value > 0 && value < 1, 'a number above 0 and below 1, such as 0.05'),
    )
    .option(
      '--max-characters <count>',
      'of a passage (default: 800, some 200 tokens of English)',
      wholeNumber(200),
    )
    .option(
      '--seed <number>',
      'decides which sentences and documents are chosen (default: 0)',
      wholeNumber(0),
    )
    .option('--force', 'replace the outputs if they exist')
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --output FILE FOLDER')
    .addHelpText('after', HELP);
}

const HELP = `
Needs no model. Two kinds of pairs, {"query", "positive"} a line: a section's title with its first paragraphs,
and a sentence with the passage that it was taken from. No passage and no sentence comes twice. The same
folder gives the same file.

Example:
  longembed pairs notes --output pairs.jsonl --dev dev.jsonl

Exit status: 0 done; 1 some documents could not be read (each is named, the others are used); 2 no documents,
no pairs, unusable arguments or outputs.
`;

async function pairs(
  folder: string,
  options: PairsCommandOptions,
  { stderr, signal }: Context,
): Promise<number> {
  const { force, quiet, output, ...same } = options;
  const view = viewOn(stderr, quiet === true);
  try {
    const made = await makePairs(folder, output, {
      ...same,
      overwrite: force,
      signal,
      onError: (path, error) => view.message(`longembed: ${path}: ${error.code}: ${error.message}`),
      onProgress: (progress) =>
        view.show({ fraction: progress.documents / progress.of, status: plural(progress.pairs, 'pair') }),
    });
    view.end();
    const held = options.dev === undefined ? '' : `, and ${plural(made.devPairs, 'pair')} to ${options.dev}`;
    view.summary(
      `longembed: wrote ${plural(made.pairs, 'pair')} of ${plural(made.documents, 'document')} to ${output}${held}`,
    );
    return made.failed === 0 ? EXIT.done : EXIT.someFailed;
  } finally {
    view.end();
  }
}
