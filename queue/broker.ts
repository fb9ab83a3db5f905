/**
 * The queue of jobs, on an engine that exists: BullMQ over Redis or PostgreSQL. What goes through it are the names of shards;
 * documents and vectors are in files.
 */
import type * as BullMQ from 'bullmq';
import type { BackendFactory, Job, Processor, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';
import { optionalPackages } from '../lib/optional-packages.js';
import type { Counts } from './manifest.js';
import type { JobData } from './work.js';
import { invalid } from './shard.js';

/** What a finished job leaves in the queue. */
export interface JobResult extends Counts {
  readonly seconds: number;
}

export type ShardJob = Job<JobData, JobResult>;
export type ShardQueue = Queue<JobData, JobResult>;
export type ShardWorker = Worker<JobData, JobResult>;

/** Attempts at a job that fails; a worker that dies costs none of them. */
const ATTEMPTS = 3;
/** Wait before the second attempt; it doubles. */
const BACKOFF_MS = 5000;
/** Deaths of workers that a job survives: one that needs more memory than there is kills every one. */
const MAX_DEATHS = 5;

/** The longest wait for the engine's first answer. */
const REACH_MS = 10_000;

/** How jobs are kept: for good, so that adding one again does nothing. */
const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: BACKOFF_MS },
  removeOnComplete: false,
  removeOnFail: false,
} as const;

/** BullMQ, bound to an engine. */
export class Broker {
  readonly #library: typeof BullMQ;
  readonly #backend: BackendFactory;
  readonly #connection: NonNullable<QueueOptions['connection']>;
  readonly #name: string;
  /** The engine's address without user and password. */
  readonly address: string;

  private constructor(
    library: typeof BullMQ,
    backend: BackendFactory | undefined,
    connection: NonNullable<QueueOptions['connection']>,
    name: string,
    address: string,
  ) {
    this.#library = library;
    // BullMQ takes Redis where there is none, which its types tell apart.
    this.#backend = backend as BackendFactory;
    this.#connection = connection;
    this.#name = name;
    this.address = address;
  }

  /**
   * @param url redis://…, rediss://…, postgres://… or postgresql://…
   * @param name of the queue
   * @throws LongEmbedError ERR_INVALID_OPTION for another URL or name, or with the command that installs the packages it takes
   */
  static async open(url: string, name: string): Promise<Broker> {
    const { protocol, host, pathname } = parseUrl(url);
    if (name === '' || name.includes(':')) {
      throw invalid(`The option --name is ${JSON.stringify(name)}: it must be a name without a colon.`);
    }
    const address = `${protocol}//${host}${pathname}`;
    if (protocol === 'redis:' || protocol === 'rediss:') {
      const library = await packages('ioredis');
      // A command waits for the engine to come back, however long that takes.
      return new Broker(library, undefined, { url, maxRetriesPerRequest: null }, name, address);
    }
    const library = await packages('pg');
    // Without it BullMQ takes the Redis that runs on this machine.
    if (!('createPostgresBackend' in library)) {
      throw invalid('A queue on PostgreSQL takes version 6 of BullMQ: run "npm i bullmq@6 pg".');
    }
    const connection = { connectionString: url, migrate: true } as never;
    return new Broker(library, library.createPostgresBackend as never, connection, name, address);
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the engine cannot be reached */
  async queue(): Promise<ShardQueue> {
    const options = { connection: this.#connection, defaultJobOptions: JOB_OPTIONS };
    const queue = new this.#library.Queue(this.#name, options, this.#backend) as unknown as ShardQueue;
    await this.#reach(queue);
    return queue;
  }

  /**
   * A worker that takes one job at a time.
   * @param silenceMs after which a worker that gave no sign of life is taken for dead, and its job given to another
   */
  worker(process: Processor<JobData, JobResult>, silenceMs: number): ShardWorker {
    const options: WorkerOptions = {
      connection: this.#connection,
      concurrency: 1,
      lockDuration: silenceMs,
      stalledInterval: Math.max(1000, silenceMs / 2),
      maxStalledCount: MAX_DEATHS,
    };
    return new this.#library.Worker(this.#name, process, options, this.#backend) as unknown as ShardWorker;
  }

  /** An error after which a job that was put back is left where it is. */
  get waitingError(): new () => Error {
    return this.#library.WaitingError;
  }

  /** An error that no further attempt helps against. */
  get finalError(): new (message: string) => Error {
    return this.#library.UnrecoverableError;
  }

  /** What the engine answered, as an error for the user: one that has no memory left, say, or takes no writes. */
  refusal(error: unknown): Error {
    return invalid(`The queue at ${this.address} refused: ${reasonOf(error)}.`, error);
  }

  async #reach(queue: ShardQueue): Promise<void> {
    let fail: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    queue.on('error', fail);
    const timer = setTimeout(() => fail(new Error(`no answer for ${REACH_MS / 1000} s`)), REACH_MS);
    try {
      await Promise.race([queue.waitUntilReady(), failed]);
    } catch (error) {
      // It may wait for the engine, too.
      void queue.disconnect().catch(() => undefined);
      throw invalid(
        `Cannot reach the queue at ${this.address}: ${reasonOf(error)}. Check that it runs, and --queue.`,
        error,
      );
    } finally {
      clearTimeout(timer);
      queue.off('error', fail);
      // It connects again by itself; without a listener the error would end the process.
      queue.on('error', () => undefined);
    }
  }
}

/** @param driver the package that BullMQ reaches the engine with; only looked for here, so that its absence is told */
function packages(driver: string): Promise<typeof BullMQ> {
  return optionalPackages('A queue', ['bullmq', driver], async () => {
    (await import(driver)) as unknown;
    return import('bullmq');
  });
}

/** A clause about an error of an engine. PostgreSQL's codes say nothing to a user, and those of the system everything. */
function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return /^E[A-Z]+$/.test(code) || message === '' ? code : message.replace(/\.$/, '');
}

/** What BullMQ says of a job whose workers died too often. */
const STALLED = /^job stalled more than/;

/** Why a job failed, from what the queue keeps of it. */
export function failureOf(reason: string): string {
  if (!STALLED.test(reason)) return reason;
  return `${MAX_DEATHS + 1} workers died of it, or gave no sign of life: it may take more memory than there is.`;
}

function parseUrl(url: string): URL {
  const protocols = ['redis:', 'rediss:', 'postgres:', 'postgresql:'];
  const parsed = URL.canParse(url) ? new URL(url) : null;
  // Redis numbers its databases, and its client ends the process over a name.
  const isNumbered = parsed !== null && (parsed.host === '' || /^\/\d*$|^$/.test(parsed.pathname));
  const isRedis = parsed?.protocol.startsWith('redis') === true;
  if (parsed !== null && protocols.includes(parsed.protocol) && (!isRedis || isNumbered)) return parsed;
  // Not the URL itself, which may have a password.
  throw invalid(
    'The option --queue must be a URL such as redis://localhost:6379 or postgres://localhost/queue.',
  );
}
