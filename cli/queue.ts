import { createReadStream } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { count, duration, plural } from '../lib/format.js';
import { filesSha256, modelFiles } from '../lib/model-files.js';
import { addJobs, retryJob } from '../queue/add.js';
import { Broker, type ShardQueue } from '../queue/broker.js';
import { Corpus } from '../queue/corpus.js';
import { MAX_SHARDS } from '../queue/shard.js';
import { type QueueStatus, statusOf } from '../queue/status.js';
import { writeWork } from '../queue/work.js';
import type { AddCommand, Context } from './context.js';
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
import { EXIT, UsageError } from './exit.js';
import type { JsonlKeys } from './input/formats.js';
import { type InputSource, isFailure, readDocuments, sourcesOf } from './input/input.js';
import { locate } from './locate.js';
import { MODEL, wholeNumber } from './options.js';
import { OUTPUT_FORMATS, type OutputFormat } from './output/open.js';
import { viewOn } from './progress/views.js';

/** The options of all commands of a queue, as commander gives them. */
export interface QueueOptions {
  queue: string;
  name: string;
  quiet?: boolean;
}

/** Those of `longembed queue add`. */
interface AddOptions extends QueueOptions, EmbeddingOptions, InputOptions {
  model: string;
  output: string;
  outputFormat: OutputFormat;
  shardTokens: number;
}

/** `longembed queue`. */
export const addQueue: AddCommand = (program, context, exit) => {
  const queue = program
    .command('queue')
    .description('a run for workers on many machines')
    .helpCommand(false)
    .helpOption('-h, --help', 'this help')
    .addHelpText('after', HELP);
  addAddOptions(queue.command('add').description('add a run to a queue, shard by shard')).action(
    async (files: string[], options: AddOptions) => exit(await add(files, options, context)),
  );
  addQueueOptions(queue.command('status').description('show how far the workers are'))
    .option('--json', 'as JSON')
    .action(async (options: QueueOptions & { json?: boolean }) => exit(await status(options, context)));
  addQueueOptions(queue.command('retry').description('give shards that failed to the workers again')).action(
    async (options: QueueOptions) => exit(await retry(options, context)),
  );
};

export function addQueueOptions(command: Command): Command {
  return command
    .requiredOption('--queue <url>', 'the queue: redis://host:6379 or postgres://host/database')
    .option('--name <name>', 'name of the queue in it', 'longembed')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help');
}

function addAddOptions(command: Command): Command {
  addQueueOptions(command)
    .argument('<files...>', 'documents, or folders of them, at paths where the workers find them, too')
    .requiredOption('-m, --model <file>', MODEL)
    .requiredOption('-o, --output <folder>', 'folder for the parts, which the workers see, too')
    .addOption(
      new Option('--output-format <format>', 'format of the parts')
        .choices(OUTPUT_FORMATS)
        .default('parquet'),
    )
    .option(
      '--shard-tokens <tokens>',
      'tokens a shard, about: one to five minutes of work',
      wholeNumber(1),
      256 * 1024,
    );
  addEmbeddingOptions(command).optionsGroup('Input:');
  return addInputOptions(command).usage('[options] --queue URL --model M --output FOLDER FILE…');
}

const HELP = `
A run is divided into shards of about equal size, and every shard is a job of a BullMQ queue, on Redis or
on PostgreSQL. Workers (longembed worker) take them, on any number of machines that see the input and the
folder of the parts; longembed merge puts the parts together. Adding a run again does nothing; a shard
whose worker dies goes to another; one that fails three times stays in the queue, until longembed queue
retry. Takes npm i bullmq ioredis, or bullmq pg.

Examples:
  longembed queue add corpus.jsonl --queue redis://db:6379 --model e5.gguf --extend pcw:4k --output /share/out
  longembed worker --queue redis://db:6379 --model e5.gguf
  longembed queue status --queue redis://db:6379
  longembed merge /share/out --output corpus.parquet
`;

/** Opens a queue for one command. */
async function withQueue<T>(options: QueueOptions, use: (queue: ShardQueue) => Promise<T>): Promise<T> {
  const broker = await Broker.open(options.queue, options.name);
  const queue = await broker.queue();
  try {
    return await use(queue);
  } catch (error) {
    throw isEngineError(error) ? broker.refusal(error) : error;
  } finally {
    await queue.close();
  }
}

/** Whether an engine's client made an error of the answer: ioredis or pg. */
function isEngineError(error: unknown): boolean {
  return error instanceof Error && ['ReplyError', 'error'].includes(error.name);
}

async function add(files: readonly string[], options: AddOptions, context: Context): Promise<number> {
  const { signal } = context;
  const view = viewOn(context.stderr, options.quiet === true);
  const chunks = chunksOf(options);
  const paths = (await inputPaths(files, options, context)).map((path) =>
    path === '-' ? path : resolve(path),
  );
  const sources = sourcesOf(paths, options.inputFormat ?? null, context.stdin, signal);
  const corpus = await Corpus.open(sources);
  const model = await locate(options.model, context, view);
  const sha256 = (
    await filesSha256(modelFiles(model), signal).catch((error: unknown) => {
      throw new UsageError(`Cannot read the model ${model}. Check the path.`, { cause: error });
    })
  ).toString('hex');
  const { bytes } = corpus.identity;
  const tokens = bytes * (await tokensPerByte(sources, jsonlKeys(options), model, context));
  const shards = Math.max(1, Math.ceil(tokens / options.shardTokens));
  if (shards > MAX_SHARDS) {
    throw new UsageError(
      `That makes ${count(shards)} shards, and ${count(MAX_SHARDS)} is the most: raise --shard-tokens.`,
    );
  }
  const folder = resolve(options.output);
  return withQueue(options, async (queue) => {
    const workSha256 = await writeWork(folder, {
      files: sources.map(({ path, format }) => ({ path, format })),
      input: corpus.identity,
      keys: { id: jsonlKeys(options).id, text: jsonlKeys(options).text },
      embed: JSON.parse(JSON.stringify(embedOptions(options))) as Record<string, never>,
      chunks: chunks as never,
      format: options.outputFormat,
      shards,
      model: { name: basename(model), sha256 },
    });
    const added = await addJobs(queue, { folder, workSha256 }, shards, bytes);
    view.summary(
      `longembed: ${plural(shards, 'shard')} of about ${count(tokens / shards)} tokens: ${count(added)} added` +
        (added < shards ? `, ${count(shards - added)} were there already` : ''),
    );
    return EXIT.done;
  });
}

/** Documents that are tokenized to estimate the others. */
const SAMPLE_DOCUMENTS = 20;
/** What is assumed where no document can be read: of English in most vocabularies. */
const USUAL_TOKENS_PER_BYTE = 0.25;

/** Tokens per byte of the first documents. */
async function tokensPerByte(
  sources: readonly InputSource[],
  keys: JsonlKeys,
  model: string,
  { tokenizeWithFile, signal }: Context,
): Promise<number> {
  let [documents, tokens, bytes] = [0, 0, 0];
  const fromStart = sources.map((source) => ({
    ...source,
    open: () => createReadStream(source.path, { signal }),
  }));
  for await (const { content, bytes: size } of readDocuments(fromStart, keys)) {
    if (isFailure(content)) continue;
    bytes += size;
    if (typeof content === 'string') tokens += (await tokenizeWithFile(model, content)).length;
    else if ('chunks' in content) tokens += (await tokenizeWithFile(model, content.chunks.join(' '))).length;
    else tokens += content.length;
    if ((documents += 1) === SAMPLE_DOCUMENTS) break;
  }
  return bytes === 0 || tokens === 0 ? USUAL_TOKENS_PER_BYTE : tokens / bytes;
}

async function status(options: QueueOptions & { json?: boolean }, { stdout }: Context): Promise<number> {
  const now = await withQueue(options, statusOf);
  stdout.write(options.json === true ? `${JSON.stringify(now, null, 2)}\n` : describe(now));
  return now.jobs.failed > 0 ? EXIT.someFailed : EXIT.done;
}

function describe({ jobs, counts, active, failures, tokensPerSecond, secondsLeft }: QueueStatus): string {
  const { done, waiting, failed } = jobs;
  const speed = tokensPerSecond === null ? '' : `, ${count(tokensPerSecond)} tokens/s`;
  const left = secondsLeft === null || secondsLeft === 0 ? '' : `, ${duration(secondsLeft)} left`;
  return [
    `shards: ${count(done)} done, ${count(jobs.active)} active, ${count(waiting)} waiting, ${count(failed)} failed`,
    `done: ${plural(counts.documents, 'document')} (${count(counts.failed)} failed), ${plural(counts.tokens, 'token')}${speed}${left}`,
    ...active.map(
      ({ shard, fraction, documents, tokensPerSecond: own }) =>
        `active: shard ${shard}, ${Math.floor(fraction * 100)} %, ${plural(documents, 'document')}, ${count(own)} tokens/s`,
    ),
    ...failures.map(({ shard, folder, reason }) =>
      shard === null ? `failed: ${reason}` : `failed: shard ${shard} of ${String(folder)}: ${reason}`,
    ),
    '',
  ].join('\n');
}

async function retry(options: QueueOptions, { stderr }: Context): Promise<number> {
  const retried = await withQueue(options, async (queue) => {
    let given = 0;
    // All are listed first: one that fails again at once would be listed again.
    for (const job of await queue.getFailed()) {
      // One that is no longer there has been given to them by another process.
      await retryJob(queue, job).then(
        () => (given += 1),
        (error: unknown) => {
          if (isEngineError(error)) throw error;
        },
      );
    }
    return given;
  });
  stderr.write(`longembed: ${plural(retried, 'shard')} given to the workers again\n`);
  return EXIT.done;
}
