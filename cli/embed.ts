import { type Command, InvalidArgumentError, Option } from 'commander';
import { untilAborted } from '../lib/abort.js';
import { isHubModelName } from '../lib/hub/model-name.js';
import { modelFiles } from '../lib/model-files.js';
import { modelFile, packageVersion } from '../lib/package.js';
import { parquetMetadata } from '../lib/vector-file/facts.js';
import type { MetricsAddress } from '../queue/run-metrics.js';
import { parseShard } from '../queue/shard.js';
import type { AddCommand, Context, Model } from './context.js';
import { DocumentRun } from './document-run.js';
import {
  addEmbeddingOptions,
  addInputOptions,
  chunksOf,
  type EmbeddingOptions,
  embedOptions,
  type InputOptions,
  inputPaths,
  jsonlKeys,
} from './embed-options.js';
import { UsageError } from './exit.js';
import { type InputSource, readDocuments, sourcesOf, totalBytes } from './input/input.js';
import { loadModel } from './load-model.js';
import { addMetricsOption, Metrics } from './metrics.js';
import { addIsolateOption, addModelOptions, MODEL, type ModelOptions, STRATEGY_HELP } from './options.js';
import { formatOf, OUTPUT_FORMATS, openOutput, type OutputFormat } from './output/open.js';
import { Meter } from './progress/meter.js';
import { viewOn } from './progress/views.js';
import { embedShards } from './shards.js';
import { factsOf } from './vector-facts.js';

/** The options of `longembed embed`, as commander gives them. */
interface EmbedCommandOptions extends EmbeddingOptions, InputOptions, ModelOptions {
  model: string;
  output?: string;
  outputFormat?: OutputFormat;
  force?: boolean;
  shard?: ReturnType<typeof parseShard>;
  resume?: boolean;
  metrics?: MetricsAddress;
  quiet?: boolean;
}

/** `longembed embed`. */
export const addEmbed: AddCommand = (program, context, exit) => {
  addEmbedOptions(program.command('embed').description('turn documents into vectors')).action(
    async (files: string[], options: EmbedCommandOptions) => exit(await embed(files, options, context)),
  );
};

function addEmbedOptions(command: Command): Command {
  addEmbeddingOptions(
    command
      .argument('[files...]', 'documents, or folders of .txt files; - or none reads standard input')
      .requiredOption('-m, --model <file>', MODEL),
  ).optionsGroup('Input and output:');
  addInputOptions(command)
    .option('-o, --output <file>', 'file for the vectors (default: standard output)')
    .addOption(
      new Option(
        '--output-format <format>',
        'format of the vectors (default: npy for .npy, parquet for .parquet, else jsonl)',
      ).choices(OUTPUT_FORMATS),
    )
    .option('--force', 'replace the output if it exists')
    .optionsGroup('Many processes or machines:')
    .option(
      '--shard <i/n>',
      'only the i-th of n shares of the input, from 0 to n - 1, into a part in the folder --output; all/n: every ' +
        'share that no other process has done or is doing',
      shardArgument,
    )
    .option('--resume', 'go on with a part that was begun, keep one that is done');
  addMetricsOption(command);
  return addIsolateOption(addModelOptions(command))
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model FILE [FILE…|-]')
    .addHelpText('after', HELP);
}

function shardArgument(text: string): ReturnType<typeof parseShard> {
  try {
    return parseShard(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

const HELP = `
Input formats:
  text    one document per file, its path is the id; UTF-8
  jsonl   one document per line: {"id": "…", "text": "…"}, or the keys of --id-key and --text-key; a
          "title" goes before the text, unless --text-key is given; other keys are ignored; ids must be unique
  tokens  one document per line: an array of content token ids, as longembed tokenize prints;
          special tokens are added as for text
  A line without an id gets its number as id, counted from 0 over all FILEs. Blank lines are skipped.
  From a folder, all files below it that end in .txt are read, sorted by path; with --input-format
  jsonl or tokens, those that end in .jsonl, .ndjson or .tokens.

  With --chunks, a jsonl line may give its own: {"id": "…", "chunks": ["…", "…"]}.

Output formats:
  jsonl   one line per document, in input order:
          {"id": "…", "embedding": […], "tokens": 812, "windows": 1, "truncated": false}
          with --chunks one per chunk, start and end in characters (UTF-16 units) of its document:
          {"id": "…", "chunk": 0, "start": 0, "end": 913, "embedding": […]}
          with --vectors windows one per window, start and end in content tokens, "window" for "chunk"
  npy     a NumPy matrix of float32, one row per document in input order; the row of a document that
          failed is all NaN. To a pipe, everything is written at the end. With --chunks or --vectors windows
          a second file, FILE.npy.jsonl, has a line per row: {"id": "…", "chunk": 0, "start": 0, "end": 913}
  parquet columns id, embedding, tokens, windows, truncated, error, and for chunks or windows chunk, start,
          end; a document that failed is a row with its error alone. Takes npm i hyparquet-writer

Strategies (--extend method[:target][,key=value]…):
${STRATEGY_HELP}
  The target is the longest document in tokens (4k is 4096); the default is 8 times the native context.
  All strategies take attention-scale=length|position|off (yarn: also yarn). longembed info lists what a model
  supports.

Shards (--shard i/n, docs/scale.md): a process takes the documents that begin in the i-th of n equal
  shares of the bytes of all FILEs, so that every document is in exactly one shard. A part appears under
  its name when it is whole; a process that was killed goes on where it was with --resume. longembed merge
  puts parts together.

Examples:
  longembed embed contract.txt --model minilm.gguf --extend pcw:4k
  longembed embed corpus.jsonl --model e5-mistral.gguf --extend ntk:32k -o corpus.npy
  echo "who signed the lease?" | longembed embed --model e5.gguf --as query
  longembed embed *.txt --model e5-rope.gguf --extend se:4k,g=9,w=64 -o vectors.jsonl
  longembed embed corpus.jsonl --model e5.gguf --shard 3/64 --output parts --output-format parquet --resume

Exit status: 0 done; 1 some documents failed, each named on standard error, the others written;
2 unusable arguments, model or output.
`;

/** `longembed embed`: documents in, vectors out. Resolves to the exit code. */
async function embed(
  files: readonly string[],
  options: EmbedCommandOptions,
  context: Context,
): Promise<number> {
  const chunks = chunksOf(options);
  const paths = await inputPaths(files, options, context);
  const sources = sourcesOf(paths, options.inputFormat ?? null, context.stdin, context.signal);
  refuseUnusedKeys(sources, options);
  if (options.shard !== undefined) {
    return embedShards(sources, { ...options, shard: options.shard }, context);
  }
  if (options.resume === true) throw new UsageError('--resume is for parts: give --shard, too.');
  const { filesFrom, tokenizer } = options;
  const inputs = [
    ...sources.map(({ path }) => path),
    ...[filesFrom, tokenizer].filter((path) => path !== undefined),
    ...modelPaths(options.model),
  ];
  let model: Model | undefined;
  let metrics: Metrics | undefined;
  const opening = openOutput({
    path: outputPath(options),
    format: options.outputFormat ?? null,
    inputs,
    force: options.force === true,
    parts: chunks !== null || options.vectors === 'windows',
    describe: async () => {
      if (model === undefined) throw new Error('the model is not loaded');
      const facts = factsOf(model.info, embedOptions(options), chunks, options.tokenizer, context.signal);
      return parquetMetadata(await facts, packageVersion());
    },
    stdout: context.stdout,
  });
  // It may be a pipe that nobody reads.
  const output = await untilAborted(opening, context.signal);
  const view = viewOn(context.stderr, options.quiet === true);
  try {
    metrics = await Metrics.open('embed', options.metrics, view);
    model = await loadModel(options, context, view);
    output.expect(options.dimensions ?? model.info.dimensions);
    const meter = new Meter(await totalBytes(sources));
    metrics.meter = meter;
    const run = new DocumentRun(model, output, view, meter, context.signal);
    const keys = { ...jsonlKeys(options), inChunks: chunks !== null };
    const format = options.outputFormat ?? formatOf(outputPath(options));
    const documents = readDocuments(sources, keys, format === 'parquet');
    return await run.embed(documents, embedOptions(options), chunks);
  } finally {
    view.end();
    metrics?.close();
    await output.close();
    await model?.dispose();
  }
}

/** A file of lines under another name would be read as one text, and the keys be forgotten. */
function refuseUnusedKeys(sources: readonly InputSource[], { idKey, textKey }: InputOptions): void {
  if ((idKey ?? textKey) === undefined || sources.some(({ format }) => format === 'jsonl')) return;
  throw new UsageError(
    `${idKey === undefined ? '--text-key' : '--id-key'} is for jsonl, and no input is read as that: give --input-format jsonl.`,
  );
}

/** The files of the model; none of one on the hub, which is in the cache. */
function modelPaths(model: string): string[] {
  return isHubModelName(model) ? [] : modelFiles(modelFile(model));
}

function outputPath({ output }: EmbedCommandOptions): string | null {
  return output === undefined || output === '-' ? null : output;
}
