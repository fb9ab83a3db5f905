/** A world without a model, for the command line: streams that remember, and embeddings that tell what they are of. */
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Context, Model } from '../../cli/context.js';
import { resolveExtend } from '../../lib/extend/index.js';
import { run } from '../../cli/run.js';
import {
  LongEmbedError,
  type LoadOptions,
  type ManyInput,
  type ManyResult,
  type ModelInfo,
} from '../../lib/index.js';

export const INFO = {
  path: 'model.gguf',
  name: 'Fake',
  architecture: 'bert',
  preset: null,
  layers: 2,
  slidingLayers: 0,
  reach: 0,
  dimensions: 2,
  heads: 4,
  headsKv: 4,
  feedForward: 8,
  parameters: 22_700_000,
  sizeBytes: 45_900_000,
  quantization: 'F16',
  vocabularySize: 30_522,
  tokenizer: 'wordpiece',
  nativeContext: 256,
  nativeContextSource: 'option',
  fileContext: 512,
  extended: null,
  positionEncoding: 'absolute',
  positionRows: 512,
  shortInputs: null,
  ropeBase: 0,
  ropeDimensions: 0,
  ropeScale: 0,
  causal: false,
  pooling: 'mean',
  poolingSource: 'file',
  filePooling: 'mean',
  prompts: { query: 'query: ', document: '' },
  specialTokens: { prefix: [101], suffix: [102] },
  strategies: [
    { method: 'none', supported: true, reason: null, note: 'at most 512 tokens' },
    { method: 'ntk', supported: false, reason: 'it needs rotary positions', note: null },
  ],
  warnings: [],
  engine: 'graph',
  engineReason: null,
  device: 'CPU',
  gpuLayers: 0,
  placement: [{ device: 'CPU', layers: 2 }],
  precision: 'full',
  threads: 2,
} satisfies ModelInfo;

/** What a run of the command line left behind. */
export interface Outcome {
  code: number;
  stdout: string;
  /** The same as bytes. */
  bytes: Buffer;
  stderr: string;
  /** The options that the model was loaded with; null: it was not. */
  loaded: LoadOptions | null;
  embedded: { input: ManyInput; options: Parameters<Model['embedMany']>[1] }[];
}

export interface World {
  /** undefined: a terminal. */
  stdin?: string | Uint8Array | Readable;
  stdout?: Writable;
  signal?: AbortSignal;
  /** Called before a document is embedded. */
  before?: (input: ManyInput) => void | Promise<void>;
  loadError?: Error;
  /** What a model is, where it differs from INFO. */
  infoOf?: (path: string) => Partial<ModelInfo>;
}

/** Runs the command line with a fake model: a text's vector is its length and 0.1, an empty one fails. */
export async function longembed(args: readonly string[], world: World = {}): Promise<Outcome> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const outcome: Pick<Outcome, 'loaded' | 'embedded'> = { loaded: null, embedded: [] };
  const stdout = world.stdout ?? collector(out);
  // As main.ts does: whoever writes learns of errors from the write itself.
  stdout.on('error', () => undefined);
  const context: Context = {
    stdin: stdinOf(world.stdin),
    stdout,
    stderr: collector(err),
    signal: world.signal ?? new AbortController().signal,
    debug: false,
    loadModel: (path, options) => {
      outcome.loaded = options;
      if (world.loadError !== undefined) return Promise.reject(world.loadError);
      return Promise.resolve(fakeModel(world, outcome, world.infoOf?.(path)));
    },
    tokenizeWithFile: (_path, text) => Promise.resolve(Int32Array.from(text, (c) => c.codePointAt(0)!)),
    devices: () => [
      {
        name: 'CPU',
        description: 'a processor',
        backend: 'CPU',
        kind: 'cpu',
        memoryTotal: 24e9,
        memoryFree: 20e9,
      },
    ],
  };
  const code = await run(args, context);
  const bytes = Buffer.concat(out);
  return { ...outcome, code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() };
}

function fakeModel(world: World, outcome: Pick<Outcome, 'embedded'>, given: Partial<ModelInfo> = {}): Model {
  const info = { ...INFO, ...given };
  async function* embedMany(
    ...[inputs, options]: Parameters<Model['embedMany']>
  ): AsyncGenerator<ManyResult, undefined, undefined> {
    resolveExtend(options?.extend ?? 'none', info);
    let index = 0;
    for await (const input of inputs) {
      await world.before?.(input);
      options?.signal?.throwIfAborted();
      outcome.embedded.push({ input, options });
      const content = contentOf(input);
      const origin = { index: index++ };
      yield content.length === 0
        ? { ...origin, error: new LongEmbedError('ERR_INPUT_EMPTY', 'The input is empty.') }
        : {
            ...origin,
            embedding: Float32Array.of(content.length, 0.1),
            tokens: content.length,
            windows: 1,
            truncated: false,
          };
    }
  }
  return {
    info,
    tokenize: (text) => Promise.resolve(Int32Array.from(text, (c) => c.codePointAt(0)!)),
    embedMany,
    embedManyChunks: () => {
      throw new Error('the fake model has no chunks');
    },
    memory: ({ tokens }) =>
      Promise.resolve({
        ...{ tokens, windows: 1, resident: 50e6, peak: 80e6, fits: tokens <= 1000 },
        devices: [
          { name: 'CPU', weights: 10e6, activations: 20e6, graphs: 10e6, missing: 30e6, available: 9e9 },
        ],
      }),
    dispose: () => Promise.resolve(),
  };
}

function contentOf(input: ManyInput): string | ArrayLike<number> {
  if (typeof input === 'string') return input;
  if ('text' in input) return input.text;
  return 'tokens' in input ? input.tokens : input;
}

function stdinOf(stdin: World['stdin']): Context['stdin'] {
  if (stdin instanceof Readable) return stdin;
  if (stdin === undefined) return Object.assign(new PassThrough(), { isTTY: true });
  return Readable.from([typeof stdin === 'string' ? Buffer.from(stdin) : stdin]);
}

function collector(pieces: Buffer[]): Writable {
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
}

/** The lines of a JSONL text. */
export function lines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
