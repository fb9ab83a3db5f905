import { type Command, Option } from 'commander';
import type { EmbedManyOptions, Extend, Pooling } from '../lib/index.js';
import { INPUT_FORMATS } from './input/input.js';
import { addIsolateOption, addModelOptions, MODEL, type ModelOptions } from './model-options.js';
import { wholeNumber } from './numbers.js';
import { OUTPUT_FORMATS } from './output/output.js';
import { parseSpec, STRATEGY_HELP } from './strategy-option.js';

/** The options of `longembed embed`, as commander gives them. */
export interface EmbedCommandOptions extends ModelOptions {
  model: string;
  extend?: Extend;
  maxTokens?: number;
  as: 'query' | 'document' | 'raw';
  prompt?: string;
  pooling?: Pooling;
  normalize: boolean;
  truncate?: boolean;
  inputFormat?: (typeof INPUT_FORMATS)[number];
  output?: string;
  outputFormat?: (typeof OUTPUT_FORMATS)[number];
  quiet?: boolean;
}

export function addEmbedOptions(command: Command): Command {
  command
    .argument('[files...]', 'documents; - or nothing reads standard input')
    .requiredOption('-m, --model <file>', MODEL)
    .optionsGroup('Embedding:')
    .option('--extend <spec>', 'how to go past the native context, see below (default: none)', parseSpec)
    .option(
      '--max-tokens <tokens>',
      'the longest document, prompt and special tokens included',
      wholeNumber(1),
    )
    .addOption(
      new Option('--as <kind>', "which of the model's prompts goes before the text; raw is none")
        .choices(['query', 'document', 'raw'])
        .default('document'),
    )
    .option('--prompt <text>', 'a prompt of your own, instead of --as')
    .addOption(
      new Option('--pooling <how>', "how tokens become one vector (default: the model's way)").choices([
        'mean',
        'cls',
        'last',
      ]),
    )
    .option('--no-normalize', 'leave vectors as long as they come out, instead of length 1')
    .option('--truncate', 'cut documents that are too long at the end, instead of failing them')
    .optionsGroup('Input and output:')
    .addOption(
      new Option(
        '--input-format <format>',
        'what FILEs hold (default: jsonl for .jsonl and .ndjson, else text)',
      ).choices(INPUT_FORMATS),
    )
    .option('-o, --output <file>', 'where vectors go (default: standard output)')
    .addOption(
      new Option(
        '--output-format <format>',
        'how they are written (default: npy for .npy, else jsonl)',
      ).choices(OUTPUT_FORMATS),
    );
  return addIsolateOption(addModelOptions(command))
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model FILE [FILE…|-]')
    .addHelpText('after', HELP);
}

/** What `embedMany` takes of them. */
export function embedOptions(options: EmbedCommandOptions): EmbedManyOptions {
  const { extend, maxTokens, as, prompt, pooling, normalize, truncate } = options;
  return { extend, maxTokens, as, prompt, pooling, normalize, truncate };
}

const HELP = `
Input formats:
  text    a file is a document, its path is the id; UTF-8
  jsonl   a document a line: {"id": "…", "text": "…"}; other keys are passed over
  tokens  a document a line: an array of content token ids, as longembed tokenize prints;
          special tokens are added as for text
  A line without an id has its number as id, from 0 over all FILEs. Blank lines are passed over.

Output formats:
  jsonl   a line a document, in input order:
          {"id": "…", "embedding": […], "tokens": 812, "windows": 1, "truncated": false}
  npy     a NumPy matrix of float32, a row a document in input order; the row of a document that
          failed is all NaN. Into a pipe it is written at the end.

Strategies (--extend method[:target][,key=value]…):
${STRATEGY_HELP}
  The target is the longest document in tokens, 4k for 4096; left out it is 8 times the native context.
  attention-scale=length|position|off goes with all of them. longembed info lists what a model takes.

Examples:
  longembed embed contract.txt --model minilm.gguf --extend pcw:4k
  longembed embed corpus.jsonl --model e5-mistral.gguf --extend ntk:32k -o corpus.npy
  echo "who signed the lease?" | longembed embed --model e5.gguf --as query
  longembed embed *.txt --model e5-rope.gguf --extend se:4k,g=9,w=64 -o vectors.jsonl

Exit status: 0 done; 1 some documents failed, each named on standard error, the others written;
2 unusable arguments, model or output.
`;
