import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { plural } from '../lib/format.js';
import { type ChunkRule, type EmbedManyOptions, LongEmbedError } from '../lib/index.js';
import { parquetWriterLibrary } from '../lib/vector-file/parquet.js';
import { Broker, failureOf, type JobResult, type ShardJob, type ShardQueue } from '../queue/broker.js';
import { Corpus } from '../queue/corpus.js';
import type { Manifest, Run } from '../queue/manifest.js';
import { invalid, shardName } from '../queue/shard.js';
import { type JobData, jobDataOf, readWork, type Work } from '../queue/work.js';
import type { MetricsAddress } from '../queue/run-metrics.js';
import type { AddCommand, Context, Model } from './context.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import { loadModel } from './load-model.js';
import { addMetricsOption, Metrics, progressOf } from './metrics.js';
import { addIsolateOption, addModelOptions, MODEL, type ModelOptions, wholeNumber } from './options.js';
import { type View, viewOn } from './progress/views.js';
import { addQueueOptions, type QueueOptions } from './queue.js';
import { ShardRunner } from './shards.js';
import { factsOf } from './vector-facts.js';

/** The options of `longembed worker`, as commander gives them. */
interface WorkerCommandOptions extends QueueOptions, ModelOptions {
  model: string;
  untilDone?: boolean;
  silence: number;
  metrics?: MetricsAddress;
}

/** `longembed worker`. */
export const addWorker: AddCommand = (program, context, exit) => {
  addWorkerOptions(program.command('worker').description('do the shards of a queue')).action(
    async (options: WorkerCommandOptions) => exit(await work(options, context)),
  );
};

function addWorkerOptions(command: Command): Command {
  addQueueOptions(command)
    .requiredOption('-m, --model <file>', MODEL)
    .option('--until-done', 'end when no shard is left, instead of waiting for more')
    .option(
      '--silence <seconds>',
      'without a sign of life for so long, a worker is taken for dead and its shard given to another',
      wholeNumber(5),
      60,
    );
  addMetricsOption(command);
  return addIsolateOption(addModelOptions(command)).addHelpText('after', HELP);
}

const HELP = `
Takes shards that longembed queue add put into a queue, one after the other, and makes their parts. Any
number of workers may run, on machines of any speed; each needs the input, the folder of the parts and the
model under the paths that the run has. A part that another worker began is gone on with. An engine that
is away is waited for.

Exit status: 0 done (--until-done); 1 some documents or shards failed; 2 unusable arguments, a model that is
not the run's, or a machine on which files cannot be read or written.
`;

/** How often a job says how far it is, and an idle worker looks whether anything is left. */
const PROGRESS_MS = 2000;

async function work(options: WorkerCommandOptions, context: Context): Promise<number> {
  const view = viewOn(context.stderr, options.quiet === true);
  const broker = await Broker.open(options.queue, options.name);
  const queue = await broker.queue();
  let model: Model | undefined;
  let metrics: Metrics | undefined;
  try {
    model = await loadModel(options, context, view);
    metrics = await Metrics.open('worker', options.metrics, view);
    return await new Shift(broker, queue, model, options, context, view, metrics).run();
  } finally {
    view.end();
    metrics?.close();
    await model?.dispose();
    // An engine that is away would keep a polite goodbye waiting.
    await queue.disconnect().catch(() => undefined);
  }
}

interface Prepared {
  readonly key: string;
  readonly shards: ShardRunner;
  readonly run: Run;
  readonly work: Work;
}

/** A worker's time at a queue. */
class Shift {
  readonly #broker: Broker;
  readonly #queue: ShardQueue;
  readonly #model: Model;
  readonly #options: WorkerCommandOptions;
  readonly #context: Context;
  readonly #view: View;
  /** What a run takes, kept from one of its shards to the next. */
  #prepared: Prepared | null = null;
  #failed = 0;
  readonly #metrics: Metrics;
  #end: (reason: Error | null) => void = () => undefined;

  constructor(
    broker: Broker,
    queue: ShardQueue,
    model: Model,
    options: WorkerCommandOptions,
    context: Context,
    view: View,
    metrics: Metrics,
  ) {
    this.#broker = broker;
    this.#queue = queue;
    this.#model = model;
    this.#options = options;
    this.#context = context;
    this.#view = view;
    this.#metrics = metrics;
  }

  /** Works until the signal, or until nothing is left. @returns the exit code */
  async run(): Promise<number> {
    const { signal } = this.#context;
    const ended = new Promise<Error | null>((resolve) => {
      this.#end = resolve;
    });
    const worker = this.#broker.worker((job, token) => this.#job(job, token), this.#options.silence * 1000);
    let away = false;
    worker.on('error', (error) => {
      if (!away)
        this.#view.message(
          `longembed: the queue at ${this.#broker.address} is away: ${error.message}; waiting for it`,
        );
      away = true;
    });
    worker.on('active', () => (away = false));
    worker.on('failed', (job, error) => {
      this.#metrics.shardFailed();
      // Else it is tried again.
      if (job?.finishedOn !== undefined) this.#failed += 1;
      const data = jobDataOf(job?.data);
      const name = data === null ? 'a job' : `shard ${shardName(data.shard)}`;
      this.#view.message(`longembed: ${name} failed: ${failureOf(error.message)}`);
    });
    const onAbort = (): void => this.#end(null);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) this.#end(null);
    if (this.#options.untilDone === true) void this.#watch(signal);
    const reason = await ended;
    signal.removeEventListener('abort', onAbort);
    // The job that runs ends by the signal, and is put back.
    await Promise.race([worker.close(), setTimeout(10_000)]);
    if (reason !== null) throw reason;
    if (signal.reason instanceof Interrupted) {
      this.#view.message(`longembed: interrupted (${signal.reason.signal}); what was done is kept`);
      return signal.reason.exitCode;
    }
    return this.#failed > 0 ? EXIT.someFailed : EXIT.done;
  }

  /** Ends the shift when no job is left; an engine that is away is asked again. */
  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = await this.#queue
        .getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized')
        .catch(() => 1);
      if (left === 0) {
        this.#end(null);
        return;
      }
      await setTimeout(PROGRESS_MS / 2, undefined, { signal }).catch(() => undefined);
    }
  }

  async #job(job: ShardJob, token: string | undefined): Promise<JobResult> {
    const begin = performance.now();
    const timer = setInterval(() => {
      const { meter } = this.#metrics;
      if (meter !== null) job.updateProgress(progressOf(meter)).catch(() => undefined);
    }, PROGRESS_MS);
    try {
      const data = jobDataOf(job.data);
      if (data === null) {
        throw invalid(
          `The job ${String(job.id)} is no shard: another program uses this queue, too. Choose another --name.`,
        );
      }
      const { shards, run, work } = await this.#prepare(data);
      const { folder, shard } = data;
      const how = { folder, run, shard, resume: true, force: false };
      const options = {
        keys: work.keys,
        options: work.embed as EmbedManyOptions,
        chunks: work.chunks as ChunkRule | null,
      };
      for (;;) {
        const done = await shards.one(how, options);
        if (typeof done === 'object') return this.#done(done, begin);
        if (typeof done === 'number') break;
        // Its worker was taken for dead by the queue, but its lock is not yet: a machine was cut off, or has just died.
        await setTimeout(PROGRESS_MS, undefined, { signal: this.#context.signal });
      }
    } catch (error) {
      if (!(this.#context.signal.reason instanceof Interrupted)) throw await this.#failure(job, token, error);
    } finally {
      clearInterval(timer);
      this.#metrics.meter = null;
    }
    // Interrupted: another worker goes on with it, and no attempt is lost.
    return this.#putBack(job, token);
  }

  /** Gives a job to other workers at once. A delay would end by this machine's clock, which may be ahead of theirs. */
  async #putBack(job: ShardJob, token: string | undefined): Promise<never> {
    await job.moveToWait(token);
    throw new this.#broker.waitingError();
  }

  #done({ counts }: Manifest, begin: number): JobResult {
    this.#failed += counts.failed;
    return { ...counts, seconds: (performance.now() - begin) / 1000 };
  }

  async #prepare(data: JobData): Promise<Prepared> {
    const key = `${data.folder}\n${data.workSha256}`;
    if (this.#prepared?.key === key) return this.#prepared;
    const { signal } = this.#context;
    const work = await readWork(data);
    if (work.format === 'parquet') await parquetWriterLibrary();
    const corpus = await Corpus.open(work.files);
    if (corpus.identity.fingerprint !== work.input.fingerprint) {
      throw invalid(
        `The input of ${data.folder} has ${plural(corpus.identity.bytes, 'byte')} here, and is not what it was when the run was added (${plural(work.input.bytes, 'byte')}).`,
      );
    }
    const embed = work.embed as EmbedManyOptions;
    const chunks = work.chunks as ChunkRule | null;
    const facts = await factsOf(this.#model.info, embed, chunks, this.#options.tokenizer, signal);
    if (facts.model.sha256 !== work.model.sha256) {
      throw new UsageError(
        `The run in ${data.folder} is for the model ${work.model.name} (SHA-256 ${work.model.sha256.slice(0, 12)}…), and this worker has ` +
          `${facts.model.name} (${facts.model.sha256.slice(0, 12)}…): start it with that model.`,
      );
    }
    const run = { facts, input: work.input, shards: work.shards, format: work.format };
    const shards = new ShardRunner(corpus, this.#model, run, signal, this.#view, this.#metrics);
    this.#prepared = { key, shards, run, work };
    return this.#prepared;
  }

  /** What the queue is told of an error: whether to try again. */
  async #failure(job: ShardJob, token: string | undefined, error: unknown): Promise<Error> {
    if (error instanceof UsageError) {
      // This worker is of no use; another may be.
      this.#end(error);
      return this.#putBack(job, token);
    }
    if (isOfMachine(error)) {
      // Else all shards of the run would fail here, within seconds.
      this.#end(
        new UsageError(
          'This worker ends and leaves its shard to others, since every shard would fail here: start it again when that is mended.',
        ),
      );
      return error as Error;
    }
    const isFinal = error instanceof LongEmbedError && FINAL_CODES.includes(error.code);
    return isFinal ? new this.#broker.finalError(`${error.code}: ${error.message}`) : (error as Error);
  }
}

/** Whether an error is this machine's: a folder that it does not see, a disk that is full, a package that is not installed. */
function isOfMachine(error: unknown): boolean {
  if (!(error instanceof LongEmbedError) || error.code !== 'ERR_INVALID_OPTION') return false;
  const { syscall, code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return syscall !== undefined || code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

/** Errors of the run itself, which no other attempt changes. */
const FINAL_CODES = [
  'ERR_MODEL_INVALID',
  'ERR_STRATEGY_UNSUPPORTED',
  'ERR_ARCHITECTURE_UNSUPPORTED',
  'ERR_INVALID_OPTION',
];
