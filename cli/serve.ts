import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFailure } from '../lib/error.js';
import type { Extend } from '../lib/index.js';
import type { RequestRecord } from '../server/index.js';
import { API_KEY } from '../server/options.js';
import type { AddCommand, Context } from './context.js';
import { EXIT, UsageError } from './exit.js';
import { locateOptions } from './locate.js';
import {
  addIsolateOption,
  addModelOptions,
  loadOptions,
  MODEL,
  type ModelOptions,
  parsePort,
  parseSpec,
  STRATEGY_HELP,
  wholeNumber,
} from './options.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed serve`, as commander gives them. */
interface ServeCommandOptions extends ModelOptions {
  model: string[];
  extend?: Extend;
  allowExtend?: ('any' | Extend)[];
  as: 'query' | 'document' | 'raw';
  maxTokens?: number;
  host: string;
  port: number;
  apiKeyFile?: string;
  maxQueueTokens?: number;
  maxInputs?: number;
  maxBody?: number;
  maxMemory?: number;
  preload?: boolean;
  grace: number;
  log: 'requests' | 'errors' | 'none';
  verbose?: boolean;
}

/** `longembed serve`. */
export const addServe: AddCommand = (program, context, exit) => {
  addServeOptions(
    program.command('serve').description("serve embeddings over HTTP, with OpenAI's API and others"),
  ).action(async (options: ServeCommandOptions) => exit(await serve(options, context)));
};

function addServeOptions(command: Command): Command {
  command
    .requiredOption(
      '-m, --model <models...>',
      `models, each with =NAME for requests if it should have another: ${MODEL}`,
    )
    .optionsGroup('Embedding:')
    .option('--extend <spec>', 'strategy of requests that name none, see below (default: none)', parseSpec)
    .option(
      '--allow-extend <specs...>',
      'strategies that requests may name beside it; any (default: any)',
      allowedSpecs,
    )
    .addOption(
      new Option('--as <kind>', 'what texts are when a request does not say; raw: no prompt')
        .choices(['query', 'document', 'raw'])
        .default('document'),
    )
    .option('--max-tokens <tokens>', 'maximum length of a text, whatever the strategy', wholeNumber(1))
    .optionsGroup('Server:')
    .option('--host <address>', 'address to listen on; 0.0.0.0: all of this machine', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0: any that is free', port, 8080)
    .option(
      '--api-key-file <file>',
      'file with the keys that are let in, one a line (default: no key needed)',
    )
    .option('--max-queue-tokens <tokens>', 'tokens that may wait at once (default: 1m)', wholeNumber(1))
    .option('--max-inputs <count>', 'texts in a request (default: 2048)', wholeNumber(1))
    .option('--max-body <bytes>', 'size of a request, such as 32m (default: 32m)', wholeNumber(1))
    .option(
      '--max-memory <bytes>',
      'memory for models, such as 8192m (default: three quarters of the memory)',
      wholeNumber(1),
    )
    .option('--preload', 'load models at once, not by the first request for each (default: if there is one)')
    .option('--grace <seconds>', 'time for requests to end after SIGTERM', wholeNumber(0), 30)
    .addOption(
      new Option('--log <what>', 'what standard error tells of requests, a line each')
        .choices(['requests', 'errors', 'none'])
        .default('requests'),
    )
    .option('--verbose', 'tell causes of failures in full; they may name files');
  return addIsolateOption(addModelOptions(command))
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model MODEL[=NAME]…')
    .addHelpText('after', HELP);
}

const HELP = `
Endpoints: POST /v1/embeddings (OpenAI), /v1/contextualizedembeddings (chunks of documents), /pooling,
/tokenize, /embed (text-embeddings-inference), /api/embed (Ollama); GET /v1/models, /info, /health, /metrics,
/openapi.json. A text that is too long is an error, 400, unless the request has "truncate": true.

A model is called by the name after =, else by its file's name without .gguf. The options of models are those
of all of them. Each runs in a process of its own, and is loaded by the first request for it.

The program prints its address on standard output once it takes requests. On SIGTERM it takes no more, and
ends when those in progress are done. Logs have no text, prompt, key or file name, unless --verbose is given.

Strategies:
${STRATEGY_HELP}

Examples:
  longembed serve --model e5-base-v2-q8_0.gguf=e5 --extend pcw:4k
  longembed serve --model a.gguf b.gguf --max-memory 8192m --port 9000
  longembed serve --model mini-rope=text-embedding-3-small --host 0.0.0.0 --api-key-file keys.txt

Exit status: 0 ended by SIGTERM or SIGINT; 2 unusable arguments, model or address.
`;

/** `longembed serve`. Resolves to the exit code once a signal has ended the server. */
async function serve(options: ServeCommandOptions, context: Context): Promise<number> {
  const { stdout, stderr, signal } = context;
  const tell = (line: string): void => void stderr.write(`longembed: ${line}\n`);
  const keys = options.apiKeyFile === undefined ? [] : await readKeys(options.apiKeyFile, tell);
  const view = viewOn(stderr, false);
  const models = Object.fromEntries(namesOf(options.model));
  // Loaded on demand: the other commands need no server.
  const { openServer, isLoopback } = await import('../server/open-server.js');
  if (keys.length === 0 && !isLoopback(options.host)) {
    tell(
      `warning: everybody who reaches ${options.host} can use this server: give --api-key-file, or listen on 127.0.0.1.`,
    );
  }
  const server = await openServer(
    {
      models,
      load: { ...loadOptions(options), ...locateOptions(signal, view) },
      extend: options.extend,
      allowExtend: allowed(options.allowExtend),
      as: options.as,
      maxTokens: options.maxTokens,
      apiKeys: keys,
      maxQueueTokens: options.maxQueueTokens,
      maxInputs: options.maxInputs,
      maxBodyBytes: options.maxBody,
      maxMemoryBytes: options.maxMemory,
      preload: options.preload,
      processMetrics: true,
      onRequest: (record) => {
        if (isLogged(record, options.log)) tell(logLine(record));
      },
      onMessage: (message, details) => {
        tell(options.verbose === true && details !== null ? `${message}: ${details}` : message);
      },
    },
    context.loadModel,
  );
  view.end();
  try {
    const { url } = await server.listen({ host: options.host, port: options.port });
    stdout.write(`${url}\n`);
    tell(`serving ${Object.keys(models).join(', ')} on ${url}`);
    await aborted(signal);
    tell('ending: requests in progress are finished first');
  } finally {
    await server.close({ graceMs: options.grace * 1000 });
  }
  return EXIT.done;
}

function allowedSpecs(spec: string, before: ('any' | Extend)[] = []): ('any' | Extend)[] {
  return [...before, spec === 'any' ? spec : parseSpec(spec)];
}

function port(text: string): number {
  const value = parsePort(text);
  if (value !== null) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
}

/** @throws UsageError for two models of the same name */
function namesOf(given: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const one of given) {
    const at = existsSync(one) ? -1 : one.lastIndexOf('=');
    const path = at < 0 ? one : one.slice(0, at);
    const name = at < 0 ? nameOf(one) : one.slice(at + 1);
    if (path === '' || name === '') throw new UsageError(`--model ${one} must be MODEL or MODEL=NAME.`);
    if (names.has(name)) {
      throw new UsageError(`two models are called ${name}: name one of them, as in --model ${path}=NAME.`);
    }
    names.set(name, path);
  }
  return names;
}

/** minilm-q8_0 of models/minilm-q8_0.gguf and of hf:org/repo/minilm-q8_0.gguf@main */
function nameOf(model: string): string {
  const name = model.startsWith('hf:') ? model.slice(3).replace(/@[^/]*$/, '') : model;
  return basename(name)
    .replace(/(-00001-of-\d{5})?\.gguf$/i, '')
    .replaceAll(/[^\w.:@+-]+/g, '-');
}

function allowed(given: readonly ('any' | Extend)[] | undefined): 'any' | Extend[] | undefined {
  if (given === undefined || given.includes('any')) return 'any';
  return given.filter((one) => one !== 'any');
}

/** @throws UsageError when the file cannot be read or has no keys */
async function readKeys(file: string, tell: (line: string) => void): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      tell(`warning: other accounts can read ${file}: chmod 600 keeps the keys from them.`);
    }
  } catch (error) {
    throw new UsageError(`the keys cannot be read from ${file}: ${readFailure(error)}.`);
  }
  const keys = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new UsageError(`${file} has no keys: put one on each line.`);
  if (!keys.every((key) => API_KEY.test(key))) {
    throw new UsageError(`a key in ${file} has more than printable ASCII, or white space in it.`);
  }
  return keys;
}

function isLogged({ status }: RequestRecord, log: ServeCommandOptions['log']): boolean {
  return log === 'requests' || (log === 'errors' && status >= 400);
}

/** A request, without anything that it said. */
function logLine({
  id,
  method,
  endpoint,
  status,
  code,
  model,
  inputs,
  tokens,
  milliseconds,
}: RequestRecord): string {
  const what = code === null ? `${inputs} inputs, ${tokens} tokens` : code;
  return `${new Date().toISOString()} ${id} ${method} ${endpoint} ${status} ${model ?? '-'} ${milliseconds.toFixed(1)} ms, ${what}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
