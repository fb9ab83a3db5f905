import type { Server as HttpServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatExtend, LongEmbedError, parseExtend } from '../lib/index.js';
import { emitWarning } from '../lib/warning.js';
import { Admission } from './admission.js';
import { ApiError, shuttingDown } from './api-error.js';
import { createApp } from './app.js';
import type { Exchange, Services } from './exchange.js';
import { Keys } from './http/keys.js';
import { addressOf, closeUnused, listen } from './listen.js';
import { Metrics } from './metrics.js';
import { ModelPool, type PoolEvent } from './models/model-pool.js';
import type { Address, EmbeddingServer, ListenOptions } from './types.js';
import { checkListenOptions, checkServerOptions, defaultMemoryBytes, type ServerOptions } from './options.js';

const MAX_QUEUE_TOKENS = 1 << 20;
const MAX_INPUTS = 2048;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Arrays, objects and fields of a request's JSON, beside an array for each input: documents' chunks are at most as many. */
const OTHER_STRUCTURES = 16 * 1024;
/** Time for requests to end, by default, once the server is closed. */
const GRACE_MS = 30_000;
/** Time for aborted requests to be answered. */
const ABORT_MS = 3_000;
const POLL_MS = 10;

/** A server of models that are opened. */
export class OpenServer implements EmbeddingServer {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly #services: Services;
  readonly #open = new Set<Exchange>();
  readonly #sockets: HttpServer[] = [];
  #ending = false;
  #end: Promise<void> | null = null;

  constructor(services: Services, options: ServerOptions) {
    this.#services = services;
    const app = createApp({
      services,
      keys: new Keys(options.apiKeys ?? []),
      open: this.#open,
      isEnding: () => this.#ending,
      onRequest: (record) => options.onRequest?.(record),
      onFailure: (error, { id }) => options.onMessage?.(`request ${id} failed`, shown(error)),
    });
    this.fetch = async (request) => app.fetch(request);
  }

  async listen(options?: ListenOptions): Promise<Address> {
    const { host = '127.0.0.1', port = 8080 } = checkListenOptions(options);
    if (this.#ending) throw new LongEmbedError('ERR_DISPOSED', 'The server was closed: create another.');
    const server = await listen(this.fetch, host, Number(port));
    this.#sockets.push(server);
    return addressOf(server);
  }

  close({ graceMs = GRACE_MS }: { graceMs?: number | undefined } = {}): Promise<void> {
    return (this.#end ??= this.#close(graceMs));
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    this.#ending = true;
    const until = performance.now() + graceMs;
    const closed = Promise.all(
      this.#sockets.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    await this.#emptied(until);
    for (const exchange of this.#open) exchange.abort(shuttingDown());
    // answers are on their way to clients that read them
    const last = Math.max(until, performance.now() + ABORT_MS);
    const idle = setInterval(() => {
      for (const server of this.#sockets) closeUnused(server);
    }, POLL_MS);
    await Promise.race([closed, sleep(last - performance.now(), undefined, { ref: false })]);
    clearInterval(idle);
    await this.#emptied(last);
    for (const server of this.#sockets) server.closeAllConnections();
    await this.#services.pool.dispose();
  }

  /** Resolves when no request is open, at the latest at a time. */
  async #emptied(until: number): Promise<void> {
    while (this.#open.size > 0 && performance.now() < until) await sleep(POLL_MS);
  }
}

/**
 * Opens the models and makes a server of them.
 * @param load how models are loaded: the command line and tests have ways of their own
 * @throws LongEmbedError as `createServer`
 */
export async function openServer(
  given: ServerOptions,
  load: Parameters<typeof ModelPool.open>[1]['load'],
): Promise<OpenServer> {
  const options = withGuards(checkServerOptions(given));
  const metrics = new Metrics();
  const entries = Object.entries(options.models).map(([id, source]) => ({ id, source }));
  const { allowExtend = 'any', onMessage } = options;
  const allowed =
    allowExtend === 'any'
      ? null
      : allowExtend.map((one) => formatExtend(typeof one === 'string' ? parseExtend(one) : one));
  const pool = await ModelPool.open(entries, {
    load,
    loadOptions: {
      isolate: true,
      ...(onMessage === undefined ? {} : { onWarning: (message) => onMessage(message, null) }),
      ...options.load,
    },
    extend: options.extend ?? 'none',
    maxTokens: options.maxTokens,
    maxMemoryBytes: options.maxMemoryBytes ?? defaultMemoryBytes(),
    preload: options.preload ?? entries.length === 1,
    onEvent: (event) => {
      metrics.model(event);
      if (onMessage !== undefined) tell(event, onMessage);
    },
  });
  const admission = new Admission(options.maxQueueTokens ?? MAX_QUEUE_TOKENS);
  const maxInputs = options.maxInputs ?? MAX_INPUTS;
  metrics.watch(admission, pool);
  if (options.processMetrics === true) metrics.watchProcess();
  return new OpenServer(
    {
      pool,
      admission,
      metrics,
      policy: { as: options.as ?? 'document', allowExtend: allowed },
      maxInputs,
      bodyLimits: {
        bytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
        // inputs of token ids may be cut to what the queue takes
        values: 2 * Math.max(admission.maxTokens, MAX_QUEUE_TOKENS) + maxInputs,
        structures: maxInputs + OTHER_STRUCTURES,
      },
    },
    options,
  );
}

function tell(event: PoolEvent, onMessage: NonNullable<ServerOptions['onMessage']>): void {
  const name = `the model ${event.id}`;
  if (event.type === 'loaded') onMessage(`${name} is loaded (${event.seconds.toFixed(1)} s)`, null);
  else if (event.type === 'unloaded') onMessage(`${name} is unloaded`, null);
  else onMessage(`${name} could not be loaded`, shown(event.error));
}

/** The options with callbacks that throw nothing: what a log fails at must cost no request its answer, and no model its load. */
function withGuards({ onRequest, onMessage, ...options }: ServerOptions): ServerOptions {
  return {
    ...options,
    onRequest: onRequest && guarded('onRequest', onRequest),
    onMessage: onMessage && guarded('onMessage', onMessage),
  };
}

function guarded<Given extends unknown[]>(
  name: string,
  callback: (...given: Given) => void,
): (...given: Given) => void {
  return (...given) => {
    try {
      callback(...given);
    } catch (error) {
      emitWarning(`The callback ${name} of the server threw: ${shown(error)}`, 'LONGEMBED_SERVER');
    }
  };
}

function shown(error: unknown): string {
  // what the client was told: its cause says more
  if (error instanceof ApiError) return error.cause === undefined ? error.message : shown(error.cause);
  if (error instanceof LongEmbedError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export { isLoopback } from './listen.js';
