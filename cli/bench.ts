import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { TASK_NAMES, type TaskName } from '../bench/tasks/index.js';
import type { Extend, Pooling } from '../lib/index.js';
import { SHIPPED_MODELS } from '../lib/package.js';
import {
  addIsolateOption,
  addModelOptions,
  DIMENSIONS,
  type ModelOptions,
  wholeNumber,
  parseSpec,
  STRATEGY_HELP,
  loadOptions,
} from './options.js';
import type * as benchmarkModule from '../bench/index.js';
import type { Aggregate, BenchHooks, BenchOptions, Vectors, DryRun, DryRunOfModel } from '../bench/index.js';
import { isRemote } from '../bench/remote/options.js';
import { formatPrice } from '../bench/remote/spending.js';
import { BenchMeter } from './bench-meter.js';
import type { AddCommand, Context } from './context.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import { locate } from './locate.js';
import { StdoutSink } from './output/sinks.js';
import { viewOn, type View } from './progress/views.js';
import { count, duration } from '../lib/format.js';

/** The options of `longembed bench`, as commander gives them. */
interface BenchCommandOptions extends ModelOptions {
  model: string[];
  hybrid?: 'bm25';
  vectors?: Vectors[];
  aggregate?: Aggregate[];
  extend?: Extend[];
  tasks?: TaskName[];
  lengths?: number[];
  output?: string;
  data?: string;
  essays?: string;
  seed?: number;
  limit?: number;
  force?: boolean;
  dryRun?: boolean;
  cache?: string;
  queryPrompt?: string;
  documentPrompt?: string;
  /** false with --no-prompts. */
  prompts: boolean;
  maxTokens?: number;
  pooling?: Pooling;
  dimensions?: number;
  batchTokens?: number;
  quiet?: boolean;
  baseUrl?: string;
  apiKeyVariable?: string;
  pricePerMillion?: number;
  maxCost?: number;
}

/** `longembed bench`. */
export const addBench: AddCommand = (program, context, exit) => {
  addBenchOptions(
    program.command('bench').description('score models and strategies on the LongEmbed benchmark'),
  ).action(async (options: BenchCommandOptions) => exit(await bench(options, context)));
};

function addBenchOptions(command: Command): Command {
  command
    .requiredOption(
      '-m, --model <files...>',
      `GGUF files, hf:org/repo/file.gguf, any of ${SHIPPED_MODELS.join(', ')}, openai:MODEL on a server, or bm25 (see below)`,
      models,
    )
    .option('--extend <specs...>', 'strategies, see below; every model runs with each (default: none)', specs)
    .option(
      '--vectors <kinds...>',
      'any of document, windows, chunks:N, see below (default: document)',
      vectors,
    )
    .option('--aggregate <ways...>', 'max or mean:K, see below (default: max)', aggregates)
    .addOption(
      new Option('--hybrid <how>', 'also fuse the ranking of each run with that of BM25').choices(['bm25']),
    )
    .option('-o, --output <folder>', 'folder for the results')
    .option('--force', 'replace results of other runs in that folder')
    .option('--dry-run', 'print the amount of work and the estimated time, and stop')
    .optionsGroup('Tasks:')
    .option('--tasks <names...>', `any of ${TASK_NAMES.join(', ')} (default: all)`, tasks)
    .option(
      '--lengths <tokens...>',
      'document lengths of passkey and needle (default: 256, 512, 1k, 2k, 4k, 8k, 16k, 32k)',
      lengths,
    )
    .option(
      '--data <folder>',
      'one folder per task, in a published layout (default: from the Hugging Face hub)',
    )
    .option('--essays <folder>', ".txt essays to hide needle's facts in (default: generated prose)")
    .option('--seed <number>', 'random seed of passkey and needle (default: 42)', wholeNumber(0))
    .option(
      '--limit <documents>',
      'use only the first documents of each split, and their queries',
      wholeNumber(1),
    )
    .optionsGroup('Embedding:')
    .option(
      '--max-tokens <tokens>',
      "cut documents here if the strategy's target is higher; prompt and special tokens included",
      wholeNumber(1),
    )
    .option('--query-prompt <text>', "text before every query (default: the model's)")
    .option('--document-prompt <text>', "text before every document (default: the model's)")
    .addOption(new Option('--no-prompts', 'use no prompts').conflicts(['queryPrompt', 'documentPrompt']))
    .addOption(
      new Option('--pooling <how>', "how token vectors are pooled (default: the model's pooling)").choices([
        'mean',
        'cls',
        'last',
      ]),
    )
    .option('--dimensions <count>', DIMENSIONS, wholeNumber(1))
    .option('--cache <folder>', 'folder of cached embeddings, see below')
    .option(
      '--batch-tokens <tokens>',
      'tokens per batch (default: 4k on a CPU, 1 on a GPU, see below)',
      wholeNumber(1),
    );
  return addServerOptions(addIsolateOption(addModelOptions(command)))
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model FILE… --output FOLDER')
    .addHelpText('after', HELP);
}

function addServerOptions(command: Command): Command {
  return command
    .optionsGroup('Server, for models named openai:MODEL:')
    .option('--base-url <url>', "address of an API like OpenAI's (default: OPENAI_BASE_URL, else OpenAI's)")
    .option('--api-key-variable <name>', 'environment variable with the key (default: OPENAI_API_KEY)')
    .option('--price-per-million <price>', 'of tokens, in your currency', amount)
    .option('--max-cost <price>', 'stop before the texts of this run cost more than this', amount);
}

function amount(text: string): number {
  if (/^(\d+\.?\d*|\.\d+)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0, such as 0.10.');
}

/** A file whose name has a comma is one model if it exists. */
function models(text: string, before: string[] = []): string[] {
  return [...before, ...(existsSync(text) ? [text] : parts(text))];
}

/** Commas separate specs and also the keys of one: an item with an equals sign belongs to the spec before it. */
function specs(text: string, before: Extend[] = []): Extend[] {
  const joined = parts(text).reduce<string[]>((all, part) => {
    const last = all.at(-1);
    return last !== undefined && /^[\w-]+=/.test(part)
      ? [...all.slice(0, -1), `${last},${part}`]
      : [...all, part];
  }, []);
  return [...before, ...joined.map(parseSpec)];
}

function vectors(text: string, before: Vectors[] = []): Vectors[] {
  const kinds = parts(text).map((part): Vectors => {
    if (part === 'document' || part === 'windows') return part;
    return `chunks:${numberAfter('chunks:', part, 'document, windows, or chunks:N with N tokens a chunk')}`;
  });
  return [...new Set([...before, ...kinds])];
}

function aggregates(text: string, before: Aggregate[] = []): Aggregate[] {
  const ways = parts(text).map((part): Aggregate =>
    part === 'max' ? part : `mean:${numberAfter('mean:', part, 'max, or mean:K for the mean of the best K')}`,
  );
  return [...new Set([...before, ...ways])];
}

function numberAfter(prefix: string, part: string, allowed: string): number {
  if (!part.startsWith(prefix)) throw new InvalidArgumentError(`Unknown "${part}": use ${allowed}.`);
  return wholeNumber(1)(part.slice(prefix.length));
}

function tasks(text: string, before: TaskName[] = []): TaskName[] {
  const names = parts(text).map((part) => {
    const task = TASK_NAMES.find((name) => name === part);
    if (task === undefined) {
      throw new InvalidArgumentError(`Unknown task "${part}": use ${TASK_NAMES.join(', ')}.`);
    }
    return task;
  });
  return [...before, ...names];
}

function lengths(text: string, before: number[] = []): number[] {
  return [...before, ...parts(text).map(wholeNumber(1))];
}

function parts(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

const HELP = `
Runs the LongEmbed benchmark (arXiv 2404.12096): passkey and needle, which are generated for each of
--lengths, and narrativeqa, qmsum, summ_screen_fd and 2wikimqa, which are read from --data (a folder that
holds qmsum, for example), or downloaded. Documents longer than a strategy's target are cut there.

After each task, results.json, the files for mteb, report.html and timing.json in --output
are updated. longembed compare puts several results side by side.

Embeddings are kept in --cache (default: LONGEMBED_CACHE, else a folder in the user's own cache), which
several runs may share. The same command therefore resumes where it was interrupted, computes nothing twice and
gives the same results, byte for byte. On a GPU, and for models that llama.cpp's context computes, that holds
as long as every text goes through the model alone: with --batch-tokens the last bits of a vector depend on the
other texts in its batch there.

Models named openai:MODEL run on a server with OpenAI's API; the key comes from the environment. They take no strategy but
none. Each text is paid for once; --dry-run tells the number of texts and tokens, and the price.

--vectors windows keeps pcw's windows apart, and --vectors chunks:N gives every N tokens of a document a vector,
pooled from one pass over the whole document with any strategy; queries keep one vector. A document's score is
then the largest cosine of its vectors with the query (--aggregate max), or the mean of the K best (mean:K).

bm25 as a --model is a lexical baseline: it ranks whole documents by the words that they share with a query,
with the settings of MTEB's BM25 (English). With --hybrid bm25 each run also appears with its ranking fused
with that of BM25 by reciprocal rank (k = 60).

Lists are separated by spaces or commas; options that take one may also be repeated.

Strategies (--extend method[:target][,key=value]…):
${STRATEGY_HELP}
  The target is the longest document in tokens (4k is 4096); the default is 8 times the native context.
  longembed info lists the strategies that a model supports. If one of several models does not support a
  strategy, it is skipped for that model with a warning.

Examples:
  longembed bench --model e5-base-v2.gguf --extend none pcw:4k rp:4k pi:4k --output results
  longembed bench --model e5-mistral.gguf --extend none,ntk:32k,lambda=10,se:32k --output mistral --dry-run
  longembed bench --model bm25 e5-base-v2.gguf --extend pi:4k --hybrid bm25 --output hybrid
  longembed bench --model a.gguf b.gguf --tasks qmsum --data longembed --limit 20 --output quick
  longembed bench --model openai:text-embedding-ada-002 --price-per-million 0.10 --max-cost 5 --output ada

Exit status: 0 done; 2 unusable arguments, models, data or folders; 130 or 143 interrupted.
`;

const METRICS = { accuracy_at_1: 'Acc@1', ndcg_at_10: 'nDCG@10' } as const;

/** `longembed bench`: the LongEmbed benchmark. Resolves to the exit code. */
async function bench(options: BenchCommandOptions, context: Context): Promise<number> {
  // Loaded on demand: the benchmark has dependencies that the other commands do not need.
  const benchmark = await import('../bench/index.js');
  const given = await benchOptions(options, benchmark);
  const { output, dryRun = false } = options;
  if (output === undefined && !dryRun) throw new UsageError('Missing --output FOLDER.');
  const view = viewOn(context.stderr, options.quiet === true);
  const stdout = new StdoutSink(context.stdout);
  const hooks = hooksOn(view, context);
  try {
    const checked = { ...given, models: await located(given.models, context, view) };
    if (output === undefined || dryRun) {
      const found = await benchmark.dryRun(checked, hooks);
      view.end();
      await stdout.write(dryRunText(found, benchmark));
      return EXIT.done;
    }
    const results = await benchmark.runBench(
      { ...checked, output, overwrite: options.force === true },
      hooks,
    );
    view.end();
    await stdout.write(`${benchmark.resultsTable(results, { colors: context.stdout.isTTY === true })}\n`);
    view.summary(`longembed: results.json, report.html, timing.json and MTEB's files are in ${output}`);
    return EXIT.done;
  } catch (error) {
    if (!(context.signal.reason instanceof Interrupted)) throw error;
    view.message(
      `longembed: interrupted (${context.signal.reason.signal}); what was computed is kept in ${given.cache}: ` +
        'the same command continues from there',
    );
    return context.signal.reason.exitCode;
  } finally {
    view.end();
  }
}

async function located(names: readonly string[], context: Context, view: View): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) paths.push(isRemote(name) ? name : await locate(name, context, view));
  return paths;
}

/** The benchmark's options, with every default; models as they were named. */
async function benchOptions(
  options: BenchCommandOptions,
  { TASKS, PAPER_LENGTHS, defaultCacheFolder }: typeof benchmarkModule,
): Promise<BenchOptions> {
  const names = options.tasks ?? TASK_NAMES;
  const tasks = TASKS.filter(({ name }) => names.includes(name));
  const unused = [
    ...(options.lengths !== undefined && !tasks.some(({ kind }) => kind === 'synthetic')
      ? ['--lengths']
      : []),
    ...(options.essays !== undefined && !names.includes('needle') ? ['--essays'] : []),
  ];
  const server = Object.entries({
    '--base-url': options.baseUrl,
    '--api-key-variable': options.apiKeyVariable,
    '--price-per-million': options.pricePerMillion,
    '--max-cost': options.maxCost,
  }).find(([, value]) => value !== undefined);
  if (server !== undefined && !options.model.some(isRemote)) {
    throw new UsageError(`${server[0]} has no effect: no model is on a server (openai:MODEL).`);
  }
  if (unused[0] !== undefined) {
    throw new UsageError(
      `${unused[0]} has no effect: none of the chosen tasks (${names.join(', ')}) uses it.`,
    );
  }
  const { queryPrompt, documentPrompt } = options;
  const lexical = options.model.filter((name) => name === LEXICAL);
  const models = options.model.filter((name) => name !== LEXICAL);
  checkLexical(lexical, models, options);
  return {
    models,
    lexical: lexical.length > 0,
    hybrid: options.hybrid !== undefined,
    vectors: options.vectors ?? ['document'],
    aggregate: options.aggregate ?? ['max'],
    extend: options.extend ?? [{ method: 'none' }],
    tasks,
    lengths: [...new Set(options.lengths ?? PAPER_LENGTHS)].sort((a, b) => a - b),
    data: options.data ?? null,
    essays: options.essays ?? null,
    seed: options.seed ?? 42,
    limit: options.limit ?? null,
    cache: options.cache ?? (await defaultCacheFolder()),
    load: {
      ...loadOptions(options),
      pooling: options.pooling,
      prompts: options.prompts
        ? { query: queryPrompt, document: documentPrompt }
        : { query: '', document: '' },
    },
    remote: {
      baseUrl: options.baseUrl ?? null,
      keyVariable: options.apiKeyVariable ?? null,
      pricePerMillion: options.pricePerMillion ?? null,
      maxCost: options.maxCost ?? null,
    },
    maxTokens: options.maxTokens ?? null,
    dimensions: options.dimensions ?? null,
    batchTokens: options.batchTokens ?? null,
  };
}

/** Names the lexical baseline among the models; a file of that name is ./bm25. */
const LEXICAL = 'bm25';

function checkLexical(
  lexical: readonly string[],
  models: readonly string[],
  { extend, hybrid, vectors, aggregate }: BenchCommandOptions,
): void {
  if (aggregate !== undefined && (vectors ?? []).every((kind) => kind === 'document')) {
    throw new UsageError(
      '--aggregate has no effect: a document has one vector. Give --vectors windows or chunks:N.',
    );
  }
  if (lexical.length > 1) throw new UsageError('The model bm25 is given twice.');
  if (models.length > 0) return;
  for (const [name, given] of Object.entries({
    '--extend': extend,
    '--hybrid': hybrid,
    '--vectors': vectors,
  })) {
    if (given !== undefined) throw new UsageError(`${name} has no effect: bm25 is the only model.`);
  }
}

function hooksOn(view: View, { loadModel, signal }: Context): BenchHooks {
  const meter = new BenchMeter();
  return {
    loadModel,
    signal,
    onWait: (fraction, what) => view.loading(fraction, what),
    onMessage: (message) => view.summary(`longembed: ${message}`),
    onWarning: (message) => view.message(`longembed: warning: ${message}`),
    onProgress: (progress) => {
      meter.update(progress);
      view.show(meter);
    },
    onTask: (model, run, { task, mainMetric, main }) =>
      view.summary(`longembed: ${model}, ${run}, ${task}: ${METRICS[mainMetric]} ${(main * 100).toFixed(2)}`),
  };
}

const HEAD = ['documents', 'queries', 'tokens', 'cut', 'to compute', 'time'];

/** The findings of a dry run: a table for each model and strategy. */
function dryRunText({ runs, seconds }: DryRun, { terminalTable }: typeof benchmarkModule): string {
  const parts = runs.map(
    (run) =>
      `${run.model}, ${run.extend}: ${cutAt(run)}\n\n` +
      terminalTable(HEAD, rowsOf(run), false) +
      serverText(run),
  );
  const notes =
    'cut: documents longer than the target. to compute: documents and queries not yet in the cache.\n' +
    `About ${duration(seconds)} of computation in total.`;
  return `${[...parts, notes].join('\n\n')}\n`;
}

function cutAt({ target }: DryRunOfModel): string {
  return target === null ? 'texts are not cut' : `texts are cut at ${count(target)} tokens`;
}

/** What a server would be asked for. */
function serverText({ remote, tasks }: DryRunOfModel): string {
  if (remote === null) return '';
  const texts = tasks.reduce((sum, { documents, queries, ready }) => sum + documents + queries - ready, 0);
  const price =
    remote.price === null ? 'give --price-per-million for the price' : `price ${formatPrice(remote.price)}`;
  const how = remote.exact ? '' : ', estimated (exact with --tokenizer)';
  return `\n\nto send: ${count(texts)} texts, ${count(remote.tokens)} tokens${how}; ${price}`;
}

function rowsOf({ tasks }: DryRunOfModel) {
  return tasks.map(({ task, documents, queries, tokens, truncated, ready, seconds }) => ({
    label: task,
    cells: [
      ...[documents, queries, tokens, truncated, documents + queries - ready].map(count),
      duration(seconds),
    ],
  }));
}
